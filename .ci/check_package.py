"""Whether an installed dewstack has every file of the source: `check_package.py SOURCE`. Names what is missing."""

import sys
from pathlib import Path

import dewstack

SKIPPED = {"__pycache__"}


def files(directory: Path) -> set[str]:
    """All files under `directory`, relative to it, caches left out."""
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and not SKIPPED & set(path.parts)
    }


source = Path(sys.argv[1])
installed = Path(dewstack.__file__).parent
if source in installed.parents or source == installed:
    sys.exit(f"this is the checkout itself, not an installation: {installed}")
missing = files(source) - files(installed)
if missing:
    sys.exit("the wheel lacks: " + ", ".join(sorted(missing)))
print(f"{len(files(installed))} files, py.typed and data files among them")
