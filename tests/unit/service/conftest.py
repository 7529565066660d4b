"""A map in a directory of its own, loaded from its text."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from dewstack.service import MapError, Service, load

HEAD = "service: shop\nprovider:\n  name: aws\n  runtime: python3.11\n"


class Loader(Protocol):
    def __call__(
        self, text: str, /, files: Mapping[str, str] = ..., head: str = ..., **settings: Any
    ) -> Service: ...


@pytest.fixture
def load_map(tmp_path: Path) -> Loader:
    """`load_map(text)` loads a map: a plain head of four lines, then `text`; a handler module is there."""

    def load_text(text: str, /, files: Mapping[str, str] = {}, head: str = HEAD, **settings: Any) -> Service:
        everything = {
            "serverless.yml": head + textwrap.dedent(text),
            "handlers/login.py": "def handler(e, c): ...\n",
        }
        for name, content in {**everything, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load(tmp_path, **{"options": {}, "environ": {}, **settings})

    return load_text


@pytest.fixture
def problems_of(load_map: Loader) -> Callable[..., list[str]]:
    """The lines of the MapError that a map raises."""

    def problems(text: str, /, **settings: Any) -> list[str]:
        with pytest.raises(MapError) as caught:
            load_map(text, **settings)
        return [str(problem) for problem in caught.value.problems]

    return problems
