"""What AWS puts beside a function whose source stands in the template: the module that answers for custom resources.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

import io
import zipfile
from pathlib import Path

_INSTANT = (1980, 1, 1, 0, 0, 0)
"""The same source is the same archive on every day."""


def package(source: str, runtime: str) -> bytes:
    """A zip of the source as `index`, and of the module that it may load."""
    node = runtime.startswith("nodejs")
    module = "cfn-response.js" if node else "cfnresponse.py"
    files = {"index.js" if node else "index.py": source.encode()}
    if module.partition(".")[0] in source:
        files[f"node_modules/{module}" if node else module] = Path(__file__).with_name(module).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _INSTANT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
