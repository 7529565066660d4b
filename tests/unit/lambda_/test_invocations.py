"""What comes of an invocation: results, errors, crashes and timeouts, as AWS answers and logs them."""

import re
import sys

import pytest

from dewstack.errors import AwsError
from dewstack.lambda_.runtimes import Runtime


def test_returns_what_the_handler_returns(functions):
    functions.function("def handler(event, context):\n    return {'got': event, 'text': 'süß'}")
    answer = functions.invoke("f", {"a": [1, None]})
    assert answer["Payload"] == {"got": {"a": [1, None]}, "text": "süß"}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer


def test_no_return_value_is_null(functions):
    functions.function("def handler(event, context):\n    pass")
    assert functions.call("Invoke", FunctionName="f")["Payload"] == b"null"


def test_the_context_has_aws_attributes(functions):
    functions.function(
        """
def handler(event, context):
    names = ("function_name function_version invoked_function_arn memory_limit_in_mb log_group_name"
             " log_stream_name aws_request_id client_context").split()
    values = {name: getattr(context, name) for name in names}
    left, identity = context.get_remaining_time_in_millis(), context.identity.cognito_identity_id
    return {**values, "remaining": left, "identity": identity}
""",
        Timeout=7,
        MemorySize=256,
    )
    context = functions.invoke("f")["Payload"]
    assert context["function_name"] == "f"
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"] == "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert context["memory_limit_in_mb"] == "256"
    assert context["log_group_name"] == "/aws/lambda/f"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", context["log_stream_name"])
    assert re.fullmatch(r"[0-9a-f-]{36}", context["aws_request_id"])
    assert 6000 < context["remaining"] <= 7000
    assert context["client_context"] is None and context["identity"] is None


def test_the_client_context_reaches_the_handler(functions):
    functions.function("def handler(event, context):\n    return context.client_context.custom")
    answer = functions.invoke("f", ClientContext="eyJjdXN0b20iOnsiYSI6MX19")
    assert answer["Payload"] == {"a": 1}


def test_an_exception_is_an_unhandled_error_with_its_trace(functions):
    functions.function("def handler(event, context):\n    raise ValueError('boom')")
    answer = functions.invoke("f", LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    payload = answer["Payload"]
    assert (payload["errorMessage"], payload["errorType"]) == ("boom", "ValueError")
    assert len(payload["requestId"]) == 36
    assert len(payload["stackTrace"]) == 1 and "f.py" in payload["stackTrace"][0]
    assert "[ERROR] ValueError: boom\nTraceback (most recent call last):\n\u00a0\u00a0File" in answer["Tail"]


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("raise Exception('no start')", "f.handler", "Exception", "no start"),
        (
            "import nothing_here",
            "f.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'f': No module named",
        ),
        ("def (", "f.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'f': invalid syntax"),
        ("x = 1", "f.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'f'"),
        (
            "x = 1",
            "gone.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'gone': No module named 'gone'",
        ),
        ("x = 1", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
    ],
)
def test_a_function_that_does_not_load_says_why_each_time(functions, source, handler, kind, message):
    functions.write("f.py", source)
    functions.create("f", handler)
    for _ in range(2):
        answer = functions.invoke("f")
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == kind
        assert answer["Payload"]["errorMessage"].startswith(message)
        assert answer["Payload"]["requestId"] == ""
    assert any(
        re.match(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error", line)
        for line in functions.log
    )


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(127)", "Runtime exited with error: exit status 127"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_an_exit_error_and_the_next_request_is_served(functions, statement, reason):
    functions.function(
        f"import os, sys\ndef handler(event, context):\n    if event: {statement}\n    return 'fine'"
    )
    payload = functions.invoke("f", True)["Payload"]
    assert payload["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(f"RequestId: [0-9a-f-]{{36}} Error: {reason}", payload["errorMessage"])
    assert functions.invoke("f", False)["Payload"] == "fine"


def test_a_process_that_ends_while_loading_is_an_exit_error(functions):
    functions.function("import os\nos._exit(5)")
    payload = functions.invoke("f")["Payload"]
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 5")


def test_a_timeout_kills_the_environment_and_the_next_request_is_served(functions):
    functions.function(
        "import os, time\nprint('init')\ndef handler(event, context):\n"
        "    print('before', flush=True)\n    if event: time.sleep(60)\n    return os.getpid()",
        Timeout=1,
    )
    first = functions.invoke("f", False)["Payload"]
    answer = functions.invoke("f", True, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    payload = answer["Payload"]
    assert payload["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: \S{36} Error: Task timed out after 1.00 seconds", payload["errorMessage"]
    )
    assert re.search(
        r"^\d{4}-\d\d-\d\dT[\d:.]+Z \S{36} Task timed out after 1.00 seconds$", answer["Tail"], re.M
    )
    assert "before\n" in answer["Tail"]
    assert re.search(r"REPORT .*Duration: 1000.00 ms.*Status: timeout\t$", answer["Tail"], re.M)
    assert functions.invoke("f", False)["Payload"] != first


def test_a_response_over_six_megabytes_is_an_error(functions):
    functions.function("def handler(event, context):\n    return 'x' * event")
    assert functions.invoke("f", 6_291_556 - 2)["Payload"] == "x" * 6_291_554
    payload = functions.invoke("f", 6_291_556)["Payload"]
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert payload["errorMessage"] == (
        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    )


def test_what_json_cannot_say_is_a_marshal_error(functions):
    functions.function("def handler(event, context):\n    return object()")
    payload = functions.invoke("f")["Payload"]
    assert payload["errorType"] == "Runtime.MarshalError"
    assert payload["errorMessage"].startswith("Unable to marshal response: Object of type object is not JSON")


def test_decimals_become_numbers(functions):
    functions.function("from decimal import Decimal\ndef handler(event, context):\n    return Decimal('1.5')")
    assert functions.invoke("f")["Payload"] == 1.5


def test_the_log_stands_in_order_and_is_returned_as_a_tail(functions):
    functions.function(
        "import logging\nlogging.getLogger().setLevel('INFO')\ndef handler(event, context):\n"
        "    print('printed')\n    logging.info('two\\nlines')\n    return 1"
    )
    functions.invoke("f")
    tail = functions.invoke("f", LogType="Tail")["Tail"].splitlines()
    assert re.fullmatch(r"START RequestId: \S{36} Version: \$LATEST", tail[0])
    assert tail[1] == "printed"
    assert re.fullmatch(r"\[INFO\]\t\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z\t\S{36}\ttwo", tail[2])
    assert tail[3] == "lines"
    assert re.fullmatch(r"END RequestId: \S{36}", tail[4])
    assert re.fullmatch(
        r"REPORT RequestId: \S{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB"
        r"\tMax Memory Used: \d+ MB\t",
        tail[5],
    )
    assert "Init Duration" in functions.log[functions.log.index("printed") + 3]


def test_a_line_without_end_is_logged_before_the_report(functions):
    functions.function("import sys\ndef handler(event, context):\n    sys.stdout.write('no newline')")
    functions.invoke("f")
    kinds = [line.split(" ")[0] for line in functions.log]
    assert kinds == ["START", "no", "END", "REPORT"]


def test_a_function_sees_a_clean_environment_of_aws_names(functions, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_DEVELOPER", "1")
    functions.function(
        "import os, sys\ndef handler(event, context):\n    return {'env': dict(os.environ), 'path': sys.path}",
        Environment={"Variables": {"MINE": "yes"}},
    )
    seen = functions.invoke("f")["Payload"]
    environ = seen["env"]
    expected = [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "TZ",
        "LANG",
        "PATH",
        "PWD",
        "PYTHONPATH",
        "SHLVL",
    ]
    assert set(expected) <= set(environ)
    assert environ["MINE"] == "yes" and environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert "SECRET_OF_THE_DEVELOPER" not in environ and "HOME" not in environ
    assert seen["path"][:2] == [str(functions.directory), environ["LAMBDA_RUNTIME_DIR"]]
    assert not any("site-packages" in path for path in seen["path"])


def test_a_function_imports_boto3_and_nothing_of_ours(functions):
    functions.function(
        """
import importlib.util
import boto3
def handler(event, context):
    return [name for name in ("dewstack", "msgspec", "uvicorn", "pytest", "click") if importlib.util.find_spec(name)]
""",
        Timeout=30,
    )
    assert functions.invoke("f")["Payload"] == []


@pytest.mark.parametrize("name", ["missing", "arn:aws:lambda:us-east-1:000000000000:function:missing", "f:7"])
def test_an_unknown_function_or_version_is_not_found(functions, name):
    functions.function("def handler(event, context): pass")
    with pytest.raises(AwsError) as caught:
        functions.invoke(name)
    assert (caught.value.code, caught.value.status) == ("ResourceNotFoundException", 404)
    assert caught.value.message.startswith(
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:"
    )


def test_a_missing_function_is_named_with_latest(functions):
    with pytest.raises(AwsError) as caught:
        functions.invoke("missing")
    assert caught.value.message == (
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:missing:$LATEST"
    )


def test_a_payload_that_is_not_json_is_refused(functions):
    functions.function("def handler(event, context): pass")
    with pytest.raises(AwsError) as caught:
        functions.call("Invoke", FunctionName="f", Payload=b"{not json")
    assert (caught.value.code, caught.value.status) == ("InvalidRequestContentException", 400)


def test_an_event_is_acknowledged_and_served_in_the_background(functions):
    functions.function("def handler(event, context):\n    print('served', event)")
    answer = functions.invoke("f", {"n": 1}, InvocationType="Event")
    assert answer["StatusCode"] == 202 and answer["Payload"] is None
    functions.wait_until(lambda: "served {'n': 1}" in functions.log)


def test_a_dry_run_runs_nothing(functions):
    functions.function("def handler(event, context):\n    print('ran')")
    assert functions.invoke("f", InvocationType="DryRun")["StatusCode"] == 204
    assert functions.log == [] and functions.environments("f") == []


def test_runtimes_of_other_python_versions_run_under_the_nearest_with_a_notice(functions, caplog):
    functions.function(
        "import sys\ndef handler(event, context):\n    return sys.version_info[0]", Runtime="python3.99"
    )
    assert functions.invoke("f")["Payload"] == 3
    assert "python3.99 is not on this machine: its functions run under Python 3." in caplog.text


def test_strict_runtimes_refuse_the_nearest(make_lambda):
    functions = make_lambda(strict_runtimes=True)
    with pytest.raises(AwsError, match=r"python3\.99 is not on this machine"):
        functions.function("def handler(event, context): pass", Runtime="python3.99")


def test_unknown_runtimes_are_refused_by_name_when_the_function_is_created(functions):
    with pytest.raises(AwsError, match="runtime cobol85 is not emulated"):
        functions.function("def handler(event, context): pass", Runtime="cobol85")


def test_a_runtime_that_cannot_be_started_is_an_error_and_no_wait(functions):
    functions.function("def handler(event, context): pass")
    functions.service.invoker.launcher.runtimes._found["python3.11"] = Runtime(
        "python3.11", ("/nonexistent/python",)
    )
    payload = functions.invoke("f")["Payload"]
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"


def test_the_interpreter_is_our_own_version(functions):
    functions.function(
        "import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])",
        Runtime=f"python3.{sys.version_info[1]}",
    )
    assert functions.invoke("f")["Payload"] == list(sys.version_info[:2])
