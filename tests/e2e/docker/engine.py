"""The engine, by its own command."""

import subprocess

SECONDS = 600


def docker(*arguments: str) -> str:
    """What `docker ARGUMENTS` prints; it must succeed."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_here(image: str) -> bool:
    """Whether the engine has an image."""
    asked = subprocess.run(
        ["docker", "image", "inspect", image], capture_output=True, timeout=60, check=False
    )
    return asked.returncode == 0
