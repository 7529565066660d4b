"""What the Framework sees to once a stack is deployed, since no template says it: who may change the stack, who may
delete it, which versions of functions and layers stay; the stage of a REST API, and what others' resources send."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dewstack.deploy.bucket_events import attach_buckets
from dewstack.deploy.release.settings import StackSettings
from dewstack.deploy.rest_stage import says_of_stage, set_up_stage
from dewstack.deploy.stack import template_body
from dewstack.deploy.target import Call, Target
from dewstack.deploy.user_pool_triggers import attach_triggers
from dewstack.errors import AwsError, UserError
from dewstack.service import Service


def see_to_stack(
    call: Call,
    service: Service,
    stack: Mapping[str, Any],
    settings: StackSettings,
    say: Callable[[str], None],
) -> None:
    """Set the stack's policy and protection as the map has them, and remove old versions. Raises AwsError."""
    name = service.stack_name
    if settings.policy is not None:
        body = template_body({"Statement": settings.policy})
        call("cloudformation", "SetStackPolicy", {"StackName": name, "StackPolicyBody": body})
    wanted = settings.protected
    if wanted is not None and wanted != bool(stack.get("EnableTerminationProtection")):
        params = {"StackName": name, "EnableTerminationProtection": wanted}
        call("cloudformation", "UpdateTerminationProtection", params)
    if settings.kept_versions is not None:
        _prune(call, service, settings.kept_versions, say)


def see_to_events(call: Call, service: Service, target: Target, say: Callable[[str], None]) -> None:
    """Set up the REST API's stage, and let user pools and buckets that the map doesn't make call its functions.

    Raises AwsError, and UserError for one that isn't there, where the target isn't a laptop."""
    if says_of_stage(service):
        set_up_stage(call, service, list(_resources(call, service.stack_name)))
    warn = say if target.stands_alone else _refuse
    attach_triggers(call, service, warn)
    attach_buckets(call, service, warn)


def _refuse(text: str) -> None:
    """What a laptop goes on without, a deployment elsewhere does not."""
    raise UserError(text, hint="the stack itself is deployed; mend this, then deploy again")


def _resources(call: Call, stack_name: str) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"StackName": stack_name}
    while True:
        page = call("cloudformation", "ListStackResources", params)
        yield from page["StackResourceSummaries"]
        if not page.get("NextToken"):
            return
        params["NextToken"] = page["NextToken"]


def _prune(call: Call, service: Service, keep: int, say: Callable[[str], None]) -> None:
    """Remove all but the newest versions. Those that an alias names stay, and so do a durable function's: its
    executions may go back to them."""
    count = 0
    for function in service.functions.values():
        if not function.version_function or function.settings.get("durableConfig"):
            continue
        name = {"FunctionName": function.name}
        named = {each["FunctionVersion"] for each in _pages(call, "ListAliases", name, "Aliases")}
        found = [each["Version"] for each in _pages(call, "ListVersionsByFunction", name, "Versions")]
        numbers = sorted((int(each) for each in found if each.isdigit() and each not in named), reverse=True)
        for number in numbers[keep:]:
            call("lambda", "DeleteFunction", {**name, "Qualifier": str(number)})
            count += 1
    for key, layer in service.layers.items():
        name = {"LayerName": str(layer.get("name") or key)}
        found = [each["Version"] for each in _pages(call, "ListLayerVersions", name, "LayerVersions")]
        for number in sorted(found, reverse=True)[keep:]:
            call("lambda", "DeleteLayerVersion", {**name, "VersionNumber": number})
            count += 1
    if count:
        say(f"Removed {count} old {'version' if count == 1 else 'versions'} of functions and layers")


def _pages(call: Call, operation: str, params: dict[str, Any], member: str) -> Iterator[dict[str, Any]]:
    """All of a list of Lambda's; nothing of what isn't there."""
    marker: dict[str, str] = {}
    while True:
        try:
            page = call("lambda", operation, {**params, **marker})
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return
            raise
        yield from page.get(member) or ()
        if not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}
