"""Temporary files of environments: each has a directory of its own, which ends with it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

SOURCE = """
import os, tempfile
def handler(event, context):
    if event == 'exit':
        os._exit(1)
    with open(os.path.join(tempfile.gettempdir(), 'kept'), 'a') as file:
        file.write('x')
    return [tempfile.gettempdir(), os.path.getsize(file.name)]
"""


def test_what_an_environment_keeps_is_there_for_its_next_event(functions):
    functions.function(SOURCE)
    (first, size), (second, grown) = (functions.invoke("f")["Payload"] for _ in range(2))
    assert first == second != tempfile.gettempdir()
    assert (size, grown) == (1, 2)
    assert os.stat(first).st_mode & 0o077 == 0


def test_environments_have_directories_of_their_own(functions):
    functions.write("f.py", SOURCE)
    for name in ("f", "g"):
        functions.create(name, "f.handler")
    (first, size), (second, other) = (functions.invoke(name)["Payload"] for name in ("f", "g"))
    assert first != second
    assert (size, other) == (1, 1)


def test_a_directory_is_gone_when_its_environment_ends(functions):
    functions.function(SOURCE)
    directory = functions.invoke("f")["Payload"][0]
    assert functions.invoke("f", "exit")["FunctionError"]
    functions.wait_until(lambda: not os.path.exists(directory))
    assert functions.invoke("f")["Payload"][1] == 1


def test_all_are_gone_when_the_emulator_ends(functions):
    functions.function(SOURCE)
    directory = Path(functions.invoke("f")["Payload"][0])
    functions.service.close()
    assert not directory.parent.exists()


def test_a_function_may_have_a_directory_that_it_names_itself(functions, tmp_path):
    functions.function(SOURCE, Environment={"Variables": {"TMPDIR": str(tmp_path)}})
    assert functions.invoke("f")["Payload"] == [str(tmp_path), 1]


def test_one_that_a_cleaner_took_away_is_made_anew(functions):
    functions.function(SOURCE)
    directory = Path(functions.invoke("f")["Payload"][0])
    shutil.rmtree(directory.parent)
    functions.invoke("f", "exit")
    assert functions.invoke("f")["Payload"][1] == 1


@pytest.mark.node
def test_node_has_one_too(functions):
    functions.write("n.cjs", "exports.handler = async () => require('node:os').tmpdir();")
    functions.create("n", "n.handler", Runtime="nodejs20.x")
    directory = functions.invoke("n")["Payload"]
    assert Path(directory).is_dir() and directory != tempfile.gettempdir()
