"""Functions in Java: run by the machine's Java and AWS's runtime client for it, which the package brings along.

On AWS the client is part of the runtime. Maven has it: `com.amazonaws:aws-lambda-java-runtime-interface-client`.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from functools import lru_cache

CLIENT = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
DEPENDENCY = "com.amazonaws:aws-lambda-java-runtime-interface-client"
HEAP_PERCENT = 80


@lru_cache(maxsize=8)
def java_major(java: str) -> str:
    """The major version of this program, as `17`; `?` when it doesn't say."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "?"
    found = re.search(rb'version "(?:1\.)?(\d+)', done.stderr)
    return found[1].decode() if found else "?"


def java_command(java: str, code: str, layers: Sequence[str], memory_mb: int) -> tuple[str, ...] | None:
    """What runs a function whose package lies in the directory `code`; None when nothing there holds the client."""
    libraries = [os.path.join(code, "lib"), *(os.path.join(layer, "java", "lib") for layer in layers)]
    if not _holds_client(code, libraries):
        return None
    path = ":".join([code, *(os.path.join(each, "*") for each in libraries)])
    heap = memory_mb * HEAP_PERCENT // 100
    return (java, f"-Xmx{heap}m", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", path, CLIENT)


def _holds_client(code: str, libraries: Sequence[str]) -> bool:
    if os.path.isfile(os.path.join(code, *CLIENT.split(".")) + ".class"):
        return True
    jar = DEPENDENCY.rpartition(":")[2]
    found = (name for each in libraries if os.path.isdir(each) for name in os.listdir(each))
    return any(name.startswith(jar) and name.endswith(".jar") for name in found)
