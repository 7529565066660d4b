"""Init phases that fail: once more inside the invocation, and in the log as AWS has it."""

import re

FIRST = "import os, pathlib, time\nruns = pathlib.Path('../runs').resolve()\nfirst = not runs.exists()\nruns.touch()\n"
"""Whether the module is loaded for the first time."""


def reports(functions):
    """Phase, status and error type of each INIT_REPORT."""
    pattern = r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: (\w+)\tStatus: (\w+)(?:\tError Type: (\S+))?"
    return [match.groups() for line in functions.log if (match := re.fullmatch(pattern, line))]


def test_a_function_that_does_not_load_is_loaded_once_more_within_the_invocation(functions):
    functions.function("import time\nprint('loads')\nraise KeyError('no')\n")
    assert functions.invoke("f")["Payload"]["errorType"] == "KeyError"
    assert reports(functions) == [("init", "error", "KeyError"), ("invoke", "error", "KeyError")]
    kinds = [line.split(" ")[0].partition("\t")[0] for line in functions.log]
    once = ["loads", "[ERROR]", "INIT_REPORT"]
    assert [kind for kind in kinds if kind in (*once, "START", "END", "REPORT")] == [
        *once,
        *once,
        "START",
        "END",
        "REPORT",
    ]


def test_the_time_it_took_is_the_invocations_and_no_init_duration(functions):
    functions.function("import time\ntime.sleep(0.05)\nraise KeyError('no')\n")
    functions.invoke("f")
    report = functions.log[-1]
    duration = re.search(r"\tDuration: ([\d.]+) ms", report)
    assert duration and float(duration[1]) >= 50
    assert "Init Duration" not in report and report.endswith("\tStatus: error\tError Type: KeyError\t")


def test_one_that_failed_is_initialised_within_the_next_invocation(functions):
    functions.function("raise KeyError('no')\n")
    for _ in range(2):
        functions.invoke("f")
    assert [phase for phase, _, _ in reports(functions)] == ["init", "invoke", "invoke"]


def test_new_code_begins_with_an_init_phase_of_its_own(functions):
    functions.function("raise KeyError('no')\n")
    functions.invoke("f")
    functions.write("f.py", "def handler(event, context): return 'fine'")
    functions.call("UpdateFunctionConfiguration", FunctionName="f", Description="new")
    assert functions.invoke("f")["Payload"] == "fine"
    assert "Init Duration" in functions.log[-1]


def test_one_that_loads_at_the_second_attempt_serves_the_invocation(functions):
    functions.function(FIRST + "if first: raise KeyError('no')\ndef handler(event, context): return 'served'")
    assert functions.invoke("f")["Payload"] == "served"
    assert reports(functions) == [("init", "error", "KeyError")]
    assert "Init Duration" not in functions.log[-1]


def test_the_second_attempt_is_on_the_invocations_time(functions):
    functions.function(
        FIRST + "if first: raise KeyError('no')\ntime.sleep(0.3)\n"
        "def handler(event, context): return context.get_remaining_time_in_millis()",
        Timeout=2,
    )
    assert functions.invoke("f")["Payload"] < 1_750
    duration = re.search(r"\tDuration: ([\d.]+) ms", functions.log[-1])
    assert duration and float(duration[1]) >= 300
    assert functions.invoke("f")["Payload"] > 1_750


def test_a_process_that_ends_while_loading_is_started_once_more(functions):
    functions.function("import os\nos._exit(5)")
    assert functions.invoke("f")["Payload"]["errorType"] == "Runtime.ExitError"
    kind = "Runtime.ExitError"
    assert reports(functions) == [("init", "error", kind), ("invoke", "error", kind)]


def test_events_that_wait_together_all_get_the_error(functions):
    functions.function("raise KeyError('no')\n")
    assert [payload["errorType"] for payload in functions.invoke_together("f", 25)] == ["KeyError"] * 25
    assert functions.environments("f") == []
