"""`.env` files, as the Serverless Framework reads them under `useDotenv: true`."""

import re
from pathlib import Path

from dewstack.errors import UserError

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*"""
    r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^#\r\n]*))[ \t]*(?:\#.*)?$""",
    re.MULTILINE,
)


def dotenv_files(directory: Path, stage: str) -> tuple[Path, ...]:
    """The `.env` files that may be in `directory`; the last is the closest to the stage, and wins."""
    names = (".env", f".env.{stage}", ".env.local", f".env.{stage}.local")
    return tuple(Path(directory, name).resolve() for name in names)


def read_dotenv(files: tuple[Path, ...]) -> dict[str, str]:
    """The variables of those `files` that are there. Raises UserError for one that can't be read."""
    values: dict[str, str] = {}
    for path in files:
        if path.is_file():
            try:
                values |= _parse(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"{path} can't be read: {error}") from None
    return values


def _parse(text: str) -> dict[str, str]:
    found = {}
    for name, single, double, bare in _LINE.findall(text):
        found[name] = single or double.replace("\\n", "\n").replace('\\"', '"') or bare.strip()
    return found
