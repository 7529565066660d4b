"""What is known to fail is refused before anything is made: templates over AWS's limits, circles, foreign plugins,
services that the target doesn't have."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dewstack.compile import naming
from dewstack.compile.dependencies import references
from dewstack.deploy.package import MAX_UNZIPPED_BYTES
from dewstack.deploy.release.compiled import Compiled
from dewstack.deploy.stack import template_body
from dewstack.deploy.target import Target
from dewstack.errors import UserError
from dewstack.service import OtherEvent, Service
from dewstack.service.events import COMPILED_EVENTS
from dewstack.service.plugins import loss

LIMITS = {"Resources": 500, "Outputs": 200, "Parameters": 200, "Mappings": 200}
TEMPLATE_BYTES = 1_000_000
_SERVICES = {
    "ApiGateway": "apigateway",
    "ApiGatewayV2": "apigatewayv2",
    "Cognito": "cognito-idp",
    "DynamoDB": "dynamodb",
    "Events": "events",
    "IAM": "iam",
    "Kinesis": "kinesis",
    "Lambda": "lambda",
    "Logs": "logs",
    "S3": "s3",
    "Scheduler": "scheduler",
    "SNS": "sns",
    "SQS": "sqs",
    "SSM": "ssm",
    "SecretsManager": "secretsmanager",
    "StepFunctions": "stepfunctions",
}
"""What a health page calls the service that a family of resource types belongs to."""
_ON_AWS = frozenset(
    "serverless-add-api-key serverless-apigw-binary serverless-certificate-creator serverless-create-certificate"
    " serverless-domain-manager serverless-express serverless-finch serverless-jetpack serverless-layers"
    " serverless-output-to-env serverless-plugin-resource-tagging serverless-plugin-stack-outputs"
    " serverless-plugin-tracing serverless-prune-plugin serverless-s3-sync serverless-stack-output"
    " serverless-stack-termination-protection serverless-sync-s3".split()
)
"""Plugins without which nothing is missed on a laptop, and something may be on AWS."""


def check_plugins(service: Service, target: Target) -> None:
    """Raise UserError for plugins whose work would be missing in what is deployed."""
    missed = [name for name in service.plugins if loss(name) or (target.asks and name in _ON_AWS)]
    if not missed:
        return
    said = [loss(name) or f"the plugin '{name}' isn't run; what it does on AWS is missing" for name in missed]
    raise UserError(
        "\n".join(f"{service.file}: {each}" for each in said),
        hint="deploy without what it adds by --ignore-plugins, or deploy with the Serverless Framework",
    )


def check_functions(service: Service, target: Target) -> None:
    """Raise UserError for what AWS would run and no template of ours has: events that aren't compiled, images that
    would have to be built."""
    missing = [*_uncompiled_events(service), *_unbuilt_images(service)] if target.asks else []
    if missing:
        raise UserError(
            "\n".join(missing),
            hint="take it out (of an image: push it, and name its uri), or deploy with the Serverless Framework",
        )


def _uncompiled_events(service: Service) -> Iterator[str]:
    for function in service.functions.values():
        for event in function.events:
            if isinstance(event, OtherEvent) and event.type not in COMPILED_EVENTS:
                yield f"{event.at}: the event '{event.type}' of function '{function.key}' isn't compiled"


def _unbuilt_images(service: Service) -> Iterator[str]:
    images = (service.provider.settings.get("ecr") or {}).get("images") or {}
    for function in service.functions.values():
        image = function.settings.get("image")
        name = (image.get("name") or image.get("uri")) if isinstance(image, dict) else image
        if image and not function.handler and not _is_pushed(images.get(name, name)):
            yield f"{function.at}: functions.{function.key}.image: '{name}' would have to be built"


def _is_pushed(image: Any) -> bool:
    """Whether an image has an address: not a folder to build it from."""
    address = image.get("uri") if isinstance(image, dict) else image
    return isinstance(address, str) and "/" in address and not address.startswith((".", "/"))


def check_template(compiled: Compiled, target: Target) -> None:
    """Raise UserError for a template, or code, that AWS would refuse."""
    circle = find_circle(compiled.template["Resources"])
    name = compiled.service.stack_name
    if circle:
        raise UserError(
            f"{name}: circular dependency: {' → '.join(circle)}",
            hint="let one of them go without the other: a policy or permission of its own often breaks the circle",
        )
    if not target.limits:
        return
    for section, limit in LIMITS.items():
        count = len(compiled.template.get(section) or ())
        if count > limit:
            raise UserError(
                f"{name}: the template has {count} {section.lower()}, CloudFormation takes {limit}",
                hint="make two services of it",
            )
    length = len(template_body(compiled.template).encode())
    if length > TEMPLATE_BYTES:
        raise UserError(
            f"{name}: the template has {length:,} bytes, CloudFormation takes {TEMPLATE_BYTES:,}",
            hint="make two services of it",
        )
    check_sizes(compiled)


def check_sizes(compiled: Compiled) -> None:
    """Raise UserError for a function whose code and layers of this map are too large together."""
    code = compiled.code
    if code is None:
        return
    layers = {naming.lambda_layer(key): (key, package.unzipped) for key, package in code.layers.items()}
    for key, package in code.functions.items():
        named = [
            layer.get("Ref") for layer in compiled.service.functions[key].layers if isinstance(layer, dict)
        ]
        used = [layers[name] for name in named if name in layers]
        total = package.unzipped + sum(count for _, count in used)
        if total > MAX_UNZIPPED_BYTES:
            beside = f" with its layers {', '.join(name for name, _ in used)}" if used else ""
            raise UserError(
                f"functions.{key}: {total:,} bytes unzipped{beside}, Lambda takes {MAX_UNZIPPED_BYTES:,}",
                hint="leave files out with package.patterns",
            )


def find_circle(resources: Mapping[str, Any]) -> list[str]:
    """The first circle among a template's resources, its first member named again at its end; empty without one."""
    needs = {name: _needs(resource, resources) for name, resource in resources.items()}
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        waiting = [iter([start])]
        while waiting:
            name = next(waiting[-1], None)
            if name is None:
                waiting.pop()
                if path:
                    done.add(path.pop())
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                waiting.append(iter(needs[name]))
    return []


def _needs(resource: Any, resources: Mapping[str, Any]) -> list[str]:
    if not isinstance(resource, dict):
        return []
    stated = resource.get("DependsOn") or []
    names: Iterable[str] = [stated] if isinstance(stated, str) else stated
    found = dict.fromkeys([*names, *references(resource.get("Properties"))])
    return [name for name in found if name in resources]


def check_services(compiled: Compiled, services: Mapping[str, str], where: str) -> None:
    """Raise UserError when the template needs a service that isn't among those that a health page lists."""
    if not services:
        return
    there = {name for name, state in services.items() if state not in ("disabled", "error")}
    missing: dict[str, list[str]] = {}
    for name, resource in compiled.template["Resources"].items():
        parts = str(resource.get("Type", "")).split("::")
        needed = _SERVICES.get(parts[1]) if len(parts) == 3 and parts[0] == "AWS" else None
        if needed and needed not in there:
            missing.setdefault(needed, []).append(name)
    if missing:
        said = "; ".join(f"{service} (for {_some(names)})" for service, names in missing.items())
        raise UserError(
            f"{where} lacks {said}",
            hint="take it out of the map, start LocalStack with dewstack's plugins, or deploy to another target",
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
