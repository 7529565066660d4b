"""Lets a debugger attach to a Python that AWS's image brings: `site` imports this before anything of the image's runs.

`_DEW_DEBUG` is debugpy's directory, a host and a port; only the first interpreter of a container has it.
"""

import os
import runpy
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [place for place in sys.path if place != HERE]
WANTED = os.environ.pop("_DEW_DEBUG", "")
if WANTED:
    listen = runpy.run_path(os.path.join(os.path.dirname(HERE), "debugged.py"))["listen"]
    where, on, at = WANTED.rsplit(":", 2)
    try:
        listen(where, on, int(at))
    except RuntimeError as error:  # the port is taken
        print(f"No debugger can attach to {on}:{at}: {error}", flush=True)
