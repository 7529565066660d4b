"""Makes the templates of the corpus anew, by the Serverless Framework itself.

    npm install osls@4.3.1 serverless@npm:osls@4.3.1 serverless-apigateway-service-proxy chalk@4 lodash@4
    python -m tests.golden.regenerate DIRECTORY [NAME ...]     # where that was; all maps, or those named

What stands after osls is for the one map with a plugin, which looks for its Framework under the older name.

Each map is copied to a place of its own beside the files that its packages are made of, and `osls package` run there,
with an emulator for what it asks of AWS. `corpus.json` beside a map has the options, parameters and environment
that it is given.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.golden.corpus_maps import CORPUS, Given, given_to
from tests.golden.corpus_world import World, world

LONGEST_RUN = 120
"""Seconds that osls may take for a map."""
TEMPLATE = Path(".serverless/cloudformation-template-update-stack.json")
ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def main(osls: Path, names: list[str]) -> None:
    """Make the templates of the maps that are named, or of all."""
    wanted = [CORPUS / name for name in names] or sorted(CORPUS.iterdir())
    refused = False
    with world() as elsewhere, tempfile.TemporaryDirectory() as directory:
        for fixture in wanted:
            try:
                template = package(osls, fixture, Path(directory, fixture.name), elsewhere)
            except Refused as refusal:
                print(f"{fixture.name}: {refusal}", file=sys.stderr)
                refused = True
                continue
            Path(fixture, "template.json").write_text(json.dumps(template, indent=1) + "\n")
            print(fixture.name, len(template["Resources"]), "resources")
    sys.exit(refused)


class Refused(Exception):
    """osls refuses a map; the text is what it says."""


def package(osls: Path, fixture: Path, place: Path, elsewhere: World) -> dict[str, Any]:
    """What osls makes of the map, run in `place`. Raises Refused."""
    shutil.copytree(fixture, place, ignore=shutil.ignore_patterns("template.json", "corpus.json"))
    for name in ("index.js", "shared/index.js", "kept/index.js", "one.txt", "packed.zip"):
        Path(place, name).parent.mkdir(exist_ok=True)
        Path(place, name).write_text(name)
    given = given_to(fixture)
    program = osls / "node_modules/osls/bin/serverless.js"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.parent),
        "NODE_PATH": str(osls.resolve() / "node_modules"),  # for plugins
        "AWS_ENDPOINT_URL": elsewhere.url,
        **ACCOUNT,
        **given.environ,
    }
    ran = subprocess.run(
        ["node", str(program), "package", *_arguments(given)],
        cwd=place,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
    )
    if ran.returncode:
        raise Refused(ran.stdout + ran.stderr)
    template: dict[str, Any] = json.loads(Path(place, TEMPLATE).read_text())
    return template


def _arguments(given: Given) -> list[str]:
    options = [f"--{name}={value}" for name, value in given.options.items()]
    return options + [f"--param={name}={value}" for name, value in given.params.items()]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
