"""The maps of the corpus compile to the very templates that the Serverless Framework made of them.

`regenerate.py` makes these anew. What is compared: everything but the numbers of REST deployments (which the Framework
takes from the clock), hashes of zips, and the Framework's own custom resources (docs/framework.md).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.service import load
from tests.golden.corpus_maps import (
    CORPUS,
    comparable,
    compiled_as,
    framework_template,
    given_to,
    is_of_framework,
)
from tests.golden.corpus_world import World, world

FIXTURES = sorted(path.parent for path in CORPUS.glob("*/template.json"))
ASKING = "variables-elsewhere"
"""The map that asks AWS."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[World]:
    with world() as made:
        yield made


def test_the_corpus_is_there() -> None:
    assert len(FIXTURES) >= 60
    assert [path.name for path in CORPUS.iterdir() if path not in FIXTURES] == []


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.name for fixture in FIXTURES])
def test_the_template_equals_the_frameworks(fixture: Path, request: pytest.FixtureRequest) -> None:
    given = given_to(fixture)
    ask = request.getfixturevalue("elsewhere").ask if fixture.name == ASKING else None
    service = load(fixture, options=given.options, params=given.params, environ=given.environ, ask=ask)
    template: dict[str, Any] = compiled_as(fixture, service)
    assert not [name for name, each in template["Resources"].items() if is_of_framework(name, each)]
    assert comparable(template) == framework_template(fixture)
