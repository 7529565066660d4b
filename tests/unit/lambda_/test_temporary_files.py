"""Temporary files of environments where `/tmp` isn't their own: each has a directory, which ends with it."""

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


@pytest.fixture
def open_functions(make_lambda):
    """A Lambda service whose environments see the machine's disk."""
    return make_lambda(isolation=False)


def directory_of(functions) -> Path:
    """The directory of the one environment, made sure to be nobody else's."""
    directory = Path(functions.invoke("f")["Payload"][0])
    assert directory.parent.name.startswith("dewstack-")
    return directory


def test_what_an_environment_keeps_is_there_for_its_next_event(open_functions):
    open_functions.function(SOURCE)
    (first, size), (second, grown) = (open_functions.invoke("f")["Payload"] for _ in range(2))
    assert first == second != tempfile.gettempdir()
    assert (size, grown) == (1, 2)
    assert os.stat(first).st_mode & 0o077 == 0


def test_environments_have_directories_of_their_own(open_functions):
    open_functions.write("f.py", SOURCE)
    for name in ("f", "g"):
        open_functions.create(name, "f.handler")
    (first, size), (second, other) = (open_functions.invoke(name)["Payload"] for name in ("f", "g"))
    assert first != second
    assert (size, other) == (1, 1)


def test_a_directory_is_gone_when_its_environment_ends(open_functions):
    open_functions.function(SOURCE)
    directory = directory_of(open_functions)
    assert open_functions.invoke("f", "exit")["FunctionError"]
    open_functions.wait_until(lambda: not directory.exists())
    assert open_functions.invoke("f")["Payload"][1] == 1


def test_all_are_gone_when_the_emulator_ends(open_functions):
    open_functions.function(SOURCE)
    directory = directory_of(open_functions)
    open_functions.service.close()
    assert not directory.parent.exists()


def test_a_function_may_have_a_directory_that_it_names_itself(open_functions, tmp_path):
    open_functions.function(SOURCE, Environment={"Variables": {"TMPDIR": str(tmp_path)}})
    assert open_functions.invoke("f")["Payload"] == [str(tmp_path), 1]


def test_one_that_a_cleaner_took_away_is_made_anew(open_functions):
    open_functions.function(SOURCE)
    shutil.rmtree(directory_of(open_functions).parent)
    open_functions.invoke("f", "exit")
    assert open_functions.invoke("f")["Payload"][1] == 1


@pytest.mark.node
def test_node_has_one_too(open_functions):
    open_functions.write("n.cjs", "exports.handler = async () => require('node:os').tmpdir();")
    open_functions.create("n", "n.handler", Runtime="nodejs20.x")
    directory = open_functions.invoke("n")["Payload"]
    assert Path(directory).is_dir() and directory != tempfile.gettempdir()
