"""docs/coverage.md says what the emulator offers, and is written by a program."""

import asyncio
import importlib.util
from pathlib import Path

import botocore
import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_page", DOCS / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def offered(coverage):
    return asyncio.run(coverage.offered())


def sections(page):
    """What comes before the services, and the text of each service."""
    head, *rest = page.split("\n## ")
    return head, rest


def test_the_page_is_not_stale(coverage, offered):
    page = (DOCS / "coverage.md").read_text()
    version = page.partition("the model of botocore ")[2].partition(". ")[0]
    fresh = coverage.render(offered, coverage.modelled(), version)
    if version != botocore.__version__:  # another model has other operations: compare what is offered
        page, fresh = ([text.partition("501:")[0] for text in sections(page)[1]] for page in (page, fresh))
    assert page == fresh, "run `python docs/coverage.py`"


def test_every_offered_operation_is_in_the_model(coverage, offered):
    modelled = coverage.modelled()
    for service in coverage.NAMES:
        assert offered[service] <= set(modelled[service])
    assert set(offered) == set(coverage.NAMES)


def test_what_is_shared_is_said_to_be(coverage, offered):
    async def shared():
        emulator = coverage.Emulator(coverage.Config(aws_port=0, service_port=0, frontend_port=0))
        await emulator.start()
        try:
            return emulator.api.shared
        finally:
            await emulator.stop()

    assert asyncio.run(shared()) == coverage.SHARED


def test_what_is_kept_is_offered(coverage, offered):
    assert all(set(kept) <= offered[service] for service, kept in coverage.KEPT.items())


def test_an_operation_more_or_less_changes_the_page(coverage, offered):
    modelled = coverage.modelled()
    less = {**offered, "sts": frozenset()}
    assert coverage.render(less, modelled, "1") != coverage.render(offered, modelled, "1")
