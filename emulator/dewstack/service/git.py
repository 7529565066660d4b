"""`${git:…}`: what the project's own repository says, as version 4 and the git-variables plugins have it."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

GIT_SECONDS = 5.0
"""How long a question to git may take."""

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "branch": ("rev-parse", "--abbrev-ref", "HEAD"),
    "commit": ("rev-parse", "HEAD"),
    "describe": ("describe", "--always"),
    "describeLight": ("describe", "--always", "--tags"),
    "email": ("config", "user.email"),
    "isDirty": ("status", "--porcelain"),
    "message": ("log", "-1", "--pretty=%B"),
    "messageBody": ("log", "-1", "--pretty=%b"),
    "messageSubject": ("log", "-1", "--pretty=%s"),
    "repository": ("rev-parse", "--show-toplevel"),
    "sha1": ("rev-parse", "--short", "HEAD"),
    "tags": ("tag", "--points-at", "HEAD"),
    "user": ("config", "user.name"),
}
_READINGS: Mapping[str, Callable[[str], str]] = {
    "isDirty": lambda said: "true" if said else "false",
    "repository": lambda said: Path(said).name,
    "tags": lambda said: "::".join(said.split()),
}


def ask_git(directory: Path, name: str) -> str | None:
    """What git says about the repository of `directory`; None when it is none, or there is no git.

    Raises KeyError for a name that is no question.
    """
    try:
        done = subprocess.run(
            ["git", *QUESTIONS[name]],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    said = done.stdout.strip()
    return _READINGS.get(name, str)(said)
