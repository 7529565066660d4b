"""Writes docs/coverage.md: every operation of the services that dewstack has itself, as the emulator answers it.

`python docs/coverage.py` after a change; a test fails while the page is stale.
"""

import asyncio
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import botocore
import botocore.session

from dewstack.app import Emulator
from dewstack.config import Config

PAGE = Path(__file__).with_name("coverage.md")
NAMES = {
    "cognito-idp": "Cognito user pools",
    "lambda": "Lambda",
    "apigateway": "API Gateway, REST APIs",
    "apigatewayv2": "API Gateway, HTTP and WebSocket APIs",
    "apigatewaymanagementapi": "API Gateway, connections of WebSocket APIs",
    "cloudformation": "CloudFormation",
    "logs": "CloudWatch Logs",
    "cloudwatch": "CloudWatch",
    "events": "EventBridge",
    "scheduler": "EventBridge Scheduler",
    "sts": "STS",
}
SHARED = frozenset({"cloudwatch", "events"})
"""Services whose other operations are moto's."""
KEPT = {
    "cognito-idp": {
        "CreateManagedLoginBranding": "the hosted UI keeps its own look",
        "SetLogDeliveryConfiguration": "no log is delivered",
        "SetRiskConfiguration": "nobody's risk is assessed",
        "CreateTerms": "the hosted UI does not show them",
    },
    "lambda": {
        "PutFunctionCodeSigningConfig": "no signature is checked",
        "PutFunctionRecursionConfig": "no loop is looked for",
        "PutRuntimeManagementConfig": "a runtime is what the machine has",
    },
}
"""Operations whose settings are checked, kept and described, and act on nothing, by service."""

HEAD = """\
# Operations

What the services that dewstack has itself offer, of all operations in the model of botocore {version}. An operation
that is not offered answers 501 and its name, or is moto's where the list says so. Services that are not listed are
[moto's](services.md).

Written by `docs/coverage.py`; do not edit.

| service | offered | of |
|---|--:|--:|
"""


async def offered() -> dict[str, frozenset[str]]:
    """The operations that a new emulator has handlers for, by service."""
    emulator = Emulator(Config(aws_port=0, service_port=0, frontend_port=0))
    await emulator.start()
    try:
        return emulator.api.offered
    finally:
        await emulator.stop()


def modelled() -> dict[str, list[str]]:
    """All operations of these services in botocore's models, in alphabetical order."""
    session = botocore.session.get_session()
    return {name: sorted(session.get_service_model(name).operation_names) for name in NAMES}


def render(has: Mapping[str, frozenset[str]], all_of: Mapping[str, Sequence[str]], version: str) -> str:
    """The page."""
    lines = [HEAD.format(version=version).rstrip("\n")]
    for service, title in NAMES.items():
        anchor = title.lower().replace(",", "").replace(" ", "-")
        lines.append(f"| [{title}](#{anchor}) | {len(has[service])} | {len(all_of[service])} |")
    for service, title in NAMES.items():
        missing = [name for name in all_of[service] if name not in has[service]]
        lines += ["", f"## {title}", "", *_names("Offered", sorted(has[service]))]
        if missing:
            lines += ["", *_names("Moto's" if service in SHARED else "501", missing)]
        if kept := KEPT.get(service):
            lines += ["", "Checked, kept and described, but acting on nothing:", ""]
            lines += [f"- {name}: {why}" for name, why in sorted(kept.items())]
    return "\n".join(lines) + "\n"


def _names(title: str, names: Sequence[str]) -> list[str]:
    return textwrap.wrap(f"{title}: {' · '.join(names)}", 110, break_long_words=False)


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(asyncio.run(offered()), modelled(), botocore.__version__))
    sys.stdout.write(f"{PAGE.name}: written\n")


if __name__ == "__main__":
    main()
