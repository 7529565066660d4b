"""Every error that is explained is met, and recognised by the very text in which it was met."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from dewstack.cli.entry import dew as cli
from dewstack.explain.errors import GAP, Entry, UnknownError, entries, explained
from dewstack.testing import start
from tests.api.explain.provocations import PROVOCATIONS, World

pytestmark = pytest.mark.xdist_group("explain-errors")
PLACEHOLDERS = {"ID": "1"}


@pytest.fixture(scope="module")
def world(faulty: Path) -> Iterator[World]:
    with start(faulty, iam="enforce") as dew, httpx.Client(timeout=30) as http:
        yield World(dew, http)


def test_all_that_is_explained_is_provoked() -> None:
    assert {entry.id for entry in entries()} == set(PROVOCATIONS)
    assert len(entries()) >= 25


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_the_text_of_an_error_finds_its_explanation(world: World, entry: Entry) -> None:
    texts = list(PROVOCATIONS[entry.id](world))
    assert texts
    for text in texts:
        assert explained(text)[0].id == entry.id, (text, [one.id for one in explained(text)])
    for said in entry.says:
        pattern = re.escape(said).replace(re.escape(GAP), ".+")
        assert any(re.search(pattern, text) for text in texts), (said, texts)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_the_commands_that_are_named_exist(entry: Entry) -> None:
    told = " ".join([entry.means, entry.flask, *(f"{one.why} {one.mend}" for one in entry.causes)])
    quoted = re.findall(r"'(dew [^']*)'", told)
    for line in [*(cause.find for cause in entry.causes), *quoted]:
        words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)]
        assert words[0] == "dew", line
        command = cli.get_command(click.Context(cli), words[1])
        assert command is not None, line
        command.make_parser(click.Context(command)).parse_args(words[2:])
        assert all(part.strip() for one in entry.causes for part in (one.why, one.find, one.mend))


def test_case_decides_between_texts_that_differ_by_nothing_else() -> None:
    assert explained("Internal server error")[0].id == "rest-internal-server-error"
    assert explained("Internal Server Error")[0].id == "http-internal-server-error"
    assert len(explained("INTERNAL SERVER ERROR")) == 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("why is the first request slow: a cold start?", "cold-start"),
        ("timeout", "task-timed-out"),
        ("a cors problem", "cors"),
        ("413", "request-too-large"),
        ("... unable to import module 'x': No module named 'y' ...", "import-module-error"),
        ("task timed out AFTER 3.00 seconds", "task-timed-out"),
    ],
)
def test_what_people_call_it_finds_it(text: str, wanted: str) -> None:
    assert wanted in {one.id for one in explained(text)}


def test_what_is_not_known_is_said_with_what_is_near() -> None:
    with pytest.raises(UnknownError, match="nearest: Missing Authentication Token"):
        explained("Mising Autentication Tokn")
    with pytest.raises(UnknownError, match="dew explain --list"):
        explained("q" * 300_000)
