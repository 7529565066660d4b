"""AWS's image for Python, or what stands for it, and an image of a function's own."""

from pathlib import Path

import pytest

from tests.e2e.docker.engine import docker, is_here

HERE = Path(__file__).parent
PYTHON, PROVIDED = "public.ecr.aws/lambda/python:3.13", "public.ecr.aws/lambda/provided:al2023"
OWN = "000000000000.dkr.ecr.us-east-1.amazonaws.com/dewstack-test:1"
SOURCE = """
import os

def handler(event, context):
    return ["handler", os.getcwd(), os.environ["COLOUR"], context.function_name]

def other(event, context):
    return ["other", os.getcwd()]
"""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Have all images that the tests need; the name of the function's own."""
    if not is_here(PYTHON):
        docker("build", "--quiet", "--tag", PYTHON, str(HERE / "standin"))
    if not is_here(PROVIDED):  # its functions bring the program
        docker("tag", PYTHON, PROVIDED)
    context = tmp_path_factory.mktemp("own")
    (context / "own.py").write_text(SOURCE)
    (context / "Dockerfile").write_text(f'FROM {PYTHON}\nCOPY own.py /var/task/\nCMD ["own.handler"]\n')
    docker("build", "--quiet", "--tag", OWN, str(context))
    return OWN
