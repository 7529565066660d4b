"""Run the commands that a document shows: `check_readme.py DOCUMENT`, in the checkout it belongs to.

Commands are the lines that begin with `$ ` in blocks marked `console`, run one after the other in one bash. What
would not end by itself is helped along: `dew up` goes to the background, `--follow` ends after two seconds. What
another phase of CI does, or what sets a machine up, is left out.
"""

import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(
    r"git clone|cd |\S*dew test|\.ci/run|\S*pip install|\S*tox|\S*ruff|\S*mypy|\S*lint-imports|docker"
)
FOLLOW = re.compile(r"\S*dew (logs|mail)\b.* (-f|--follow)\b")
UP = re.compile(r"\S*dew up\b(?!.*--detach).*")


def commands(document: str) -> list[str]:
    """The commands in order, as they are run."""
    found = []
    for block in BLOCK.findall(document):
        for line in re.sub(r"\\\n(> )?", " ", block).splitlines():
            command = line.removeprefix("$ ").partition("  #")[0].strip()
            if line.startswith("$ ") and not LEFT_OUT.match(command):
                found.append(adapted(command))
    return found


def adapted(command: str) -> str:
    """The command in a form that ends."""
    if FOLLOW.match(command):
        return f"timeout --preserve-status --signal INT 2 {command} || [ $? = 130 ]"
    command = UP.sub(r"\g<0> --detach --wait", command)
    return f"./dew down >/dev/null; {command}" if "dew up" in command else command


def main(document: Path) -> int:
    """Run them all; the exit code of the first that fails."""
    script = ["set -eo pipefail", "trap './dew down' EXIT"]
    for command in commands(document.read_text()):
        script += [f"cat <<'SHOWN'\n$ {command}\nSHOWN", command]
    return subprocess.run(["bash", "-c", "\n".join(script)], stdin=subprocess.DEVNULL, timeout=300).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
