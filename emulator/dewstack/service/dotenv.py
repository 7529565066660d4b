"""`.env` files, as the Serverless Framework reads them under `useDotenv: true`."""

import re
from pathlib import Path

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*"""
    r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^#\r\n]*))[ \t]*(?:\#.*)?$""",
    re.MULTILINE,
)


def read_dotenv(directory: Path, stage: str) -> dict[str, str]:
    """The variables of the `.env` files of `directory`; the file that is closest to the stage wins."""
    values: dict[str, str] = {}
    for name in (".env", f".env.{stage}", ".env.local", f".env.{stage}.local"):
        path = Path(directory, name)
        if path.is_file():
            values |= _parse(path.read_text(encoding="utf-8"))
    return values


def _parse(text: str) -> dict[str, str]:
    found = {}
    for name, single, double, bare in _LINE.findall(text):
        found[name] = single or double.replace("\\n", "\n").replace('\\"', '"') or bare.strip()
    return found
