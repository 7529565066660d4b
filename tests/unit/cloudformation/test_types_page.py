"""docs/cloudformation.md says how each resource type is made, and its table is written by a program."""

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[3] / "docs"


def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("resource_types_page", DOCS / "resource_types.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_types_is_fresh() -> None:
    page = (DOCS / "cloudformation.md").read_text()
    assert page == program().page(page), "run `python docs/resource_types.py`"


def test_types_are_made_by_whom_the_table_says() -> None:
    table = program().table()
    assert "| `AWS::Lambda::Function` | native |" in table
    assert "| `AWS::S3::Bucket` | moto (s3) |" in table
    assert "| `AWS::Kinesis::StreamConsumer` | recorded |" in table
