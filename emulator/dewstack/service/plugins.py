"""The plugins that maps name: what dewstack does instead of them, and what is lost where it does nothing.

Plugins are programs of the Framework; none is run. An unknown one is named, because it may change anything.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from .model import FunctionSpec
from .problems import KeyPath
from .reading import mapping, sequence, text


class Plugin(Struct, frozen=True):
    """`lost` is what its absence means, empty where nothing is missed. `keys` are what it adds to the map."""

    lost: str = ""
    keys: tuple[KeyPath, ...] = ()


_FUNCTION = ("functions", "*")
_EVENT = ("functions", "*", "events", "*")
_FINE = Plugin()
_BUNDLERS = {
    "serverless-bundle": "esbuild",
    "serverless-esbuild": "esbuild",
    "serverless-plugin-optimize": "esbuild",
    "serverless-plugin-typescript": "esbuild",
    "serverless-typescript": "esbuild",
    "serverless-webpack": "esbuild",
}
_HARMLESS = (
    "@serverless/dashboard-plugin",
    "@serverless/enterprise-plugin",
    "serverless-apigw-binary",
    "serverless-certificate-creator",
    "serverless-create-certificate",
    "serverless-deployment-bucket",
    "serverless-domain-manager",
    "serverless-dotenv-plugin",
    "serverless-dynamodb",
    "serverless-dynamodb-local",
    "serverless-export-env",
    "serverless-express",
    "serverless-export-outputs",
    "serverless-finch",
    "serverless-jetpack",
    "serverless-layers",
    "serverless-localstack",
    "serverless-offline",
    "serverless-offline-dynamodb-streams",
    "serverless-offline-elasticmq",
    "serverless-offline-s3",
    "serverless-offline-scheduler",
    "serverless-offline-sns",
    "serverless-offline-sqs",
    "serverless-offline-ssm",
    "serverless-openapi-documentation",
    "serverless-output-to-env",
    "serverless-package-python-functions",
    "serverless-plugin-bind-deployment-id",
    "serverless-plugin-common-excludes",
    "serverless-plugin-include-dependencies",
    "serverless-plugin-stack-outputs",
    "serverless-plugin-utils",
    "serverless-prune-plugin",
    "serverless-pseudo-parameters",
    "serverless-python-requirements",
    "serverless-s3-local",
    "serverless-s3-sync",
    "serverless-stack-output",
    "serverless-stack-termination-protection",
    "serverless-sync-s3",
    "serverless-webpack-prisma",
)

PLUGINS: Mapping[str, Plugin] = {
    **dict.fromkeys([*_BUNDLERS, *_HARMLESS], _FINE),
    "serverless-add-api-key": Plugin("its API keys aren't made"),
    "serverless-api-gateway-caching": Plugin(
        "no response is cached", ((*_EVENT, "http", "caching"), ("custom", "apiGatewayCaching"))
    ),
    "serverless-apigateway-service-proxy": _FINE,
    "serverless-appsync-plugin": Plugin("the GraphQL API isn't there", (("appSync",),)),
    "serverless-aws-alias": Plugin("aliases for stages aren't made"),
    "serverless-aws-documentation": Plugin(keys=((*_EVENT, "http", "documentation"),)),
    "serverless-better-credentials": _FINE,
    "serverless-associate-waf": Plugin("no firewall stands before the API"),
    "serverless-iam-roles-per-function": Plugin(
        keys=tuple(
            (*_FUNCTION, key)
            for key in (
                "iamRoleStatements",
                "iamRoleStatementsInherit",
                "iamRoleStatementsName",
                "iamPermissionsBoundary",
            )
        ),
    ),
    "serverless-lift": Plugin(
        "its constructs (queues, storage, websites, …) aren't there", (("constructs",),)
    ),
    "serverless-plugin-aws-alerts": Plugin("no alarms are made", ((*_FUNCTION, "alarms"),)),
    "serverless-plugin-canary-deployments": Plugin(
        "a new version takes all requests at once", ((*_FUNCTION, "deploymentSettings"),)
    ),
    "serverless-plugin-custom-roles": Plugin(
        "all functions share the provider's role", ((*_FUNCTION, "iamRoleStatements"),)
    ),
    "serverless-plugin-datadog": Plugin("nothing is sent to Datadog"),
    "serverless-plugin-lambda-dead-letter": Plugin("failed events go nowhere", ((*_FUNCTION, "deadLetter"),)),
    "serverless-plugin-lambda-insights": Plugin(keys=((*_FUNCTION, "lambdaInsights"),)),
    "serverless-plugin-log-retention": Plugin(keys=((*_FUNCTION, "logRetentionInDays"),)),
    "serverless-plugin-resource-tagging": _FINE,
    "serverless-plugin-split-stacks": Plugin("everything is in one stack, whose logical IDs stay the same"),
    "serverless-plugin-tracing": _FINE,
    "serverless-plugin-warmup": Plugin(
        "no function is kept warm by calls", ((*_FUNCTION, "warmup"), ("custom", "warmup"))
    ),
    "serverless-reqvalidator-plugin": Plugin(
        "its request validators aren't there", ((*_EVENT, "http", "reqValidatorName"),)
    ),
    "serverless-step-functions": Plugin("its state machines aren't there", (("stepFunctions",),)),
    "serverless-wsgi": Plugin("its handler, wsgi_handler, isn't made"),
}

_MADE_HANDLERS = {"serverless-wsgi": "wsgi_handler."}
"""The handlers that plugins make, by what they begin with."""

PYTHON_KEYS: tuple[KeyPath, ...] = ((*_FUNCTION, "module"), (*_FUNCTION, "vendor"), (*_FUNCTION, "zip"))


def plugin_names(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names under `plugins`, in either of its forms."""
    section = settings.get("plugins")
    names: Iterable[Any] = sequence(section) or sequence(mapping(section).get("modules"))
    return tuple(dict.fromkeys(name for name in names if text(name)))


def loss(name: str) -> str | None:
    """What is to be said about a plugin; None when nothing is missed without it."""
    known = PLUGINS.get(name)
    if known is None:
        return f"the plugin '{name}' isn't known here and isn't run; what it adds or changes is missing"
    return f"the plugin '{name}' isn't run here: {known.lost}" if known.lost else None


def is_added_by(plugins: Iterable[str], path: KeyPath) -> bool:
    """Whether a key that the Framework itself doesn't know is one of a plugin that the map names."""
    patterns = [key for name in plugins if name in PLUGINS for key in PLUGINS[name].keys]
    patterns += PYTHON_KEYS if "serverless-python-requirements" in plugins else ()
    return any(
        len(path) >= len(pattern)
        and all(wanted in ("*", part) for wanted, part in zip(pattern, path, strict=False))
        for pattern in patterns
    )


def is_made(plugins: Iterable[str], handler: str) -> bool:
    """Whether a plugin of the map would make the file of this handler."""
    return any(handler.startswith(_MADE_HANDLERS[name]) for name in plugins if name in _MADE_HANDLERS)


def requirements_files(
    directory: Path, settings: Mapping[str, Any], functions: Iterable[FunctionSpec]
) -> tuple[Path, ...]:
    """What python-requirements reads, or would if it were there: a change of it is a change of the map."""
    if "serverless-python-requirements" not in plugin_names(settings):
        return ()
    options = mapping(mapping(settings.get("custom")).get("pythonRequirements"))
    name = str(options.get("fileName") or "requirements.txt")
    modules = dict.fromkeys(str(function.settings.get("module") or ".") for function in functions)
    return tuple((directory / module / name).resolve() for module in modules)


def bundler(plugins: Iterable[str], build: Any) -> str | None:
    """What bundles the JavaScript of this map, `esbuild`, or None when it runs as it is.

    Every bundling plugin is stood in for by esbuild; so is version 4's `build: esbuild`.
    """
    if build == "esbuild" or mapping(build).get("esbuild"):
        return "esbuild"
    return next((_BUNDLERS[name] for name in plugins if name in _BUNDLERS), None)
