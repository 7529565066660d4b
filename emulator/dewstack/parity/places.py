"""A target as the report needs it: where its APIs are, what its resources are called, how it is called."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from dewstack.deploy import Call
from dewstack.deploy.stack import outputs as outputs_of_stack
from dewstack.errors import AwsError

API_OUTPUTS = {"http": "HttpApiUrl", "rest": "ServiceEndpoint"}
"""The outputs that the Framework gives a stack for the APIs of its map."""


class Place(Struct, frozen=True):
    """One target, and the map's stack on it."""

    name: str
    call: Call
    apis: Mapping[str, str]
    """The URL of each API without its stage, by `http` and `rest`."""
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Logical ids by physical ones."""
    types: Mapping[str, tuple[str, ...]]
    """Physical ids by type."""
    hosts: tuple[str, ...] = ()
    account: str = ""
    origin: str = ""
    """One that the map lets in, as it was deployed here."""


def read_place(
    name: str,
    call: Call,
    stack_name: str,
    *,
    account: str,
    endpoint: str,
    reached: Callable[[Mapping[str, str]], Mapping[str, str]],
    origin: str,
) -> Place | None:
    """Ask the target for its stack; None where it has no such stack. `endpoint` is the one that stands in for AWS, and
    `reached` gives the addresses of APIs there by the name of their output. Raises AwsError."""
    try:
        outputs = outputs_of_stack(call, stack_name)
    except AwsError as error:
        if "does not exist" not in error.message:
            raise
        return None
    urls = {**outputs, **reached(outputs)}
    apis = {api: _base(api, urls[output]) for api, output in API_OUTPUTS.items() if output in urls}
    resources: dict[str, str] = {}
    types: dict[str, tuple[str, ...]] = {}
    for each in _resources(call, stack_name):
        physical, kind = each.get("PhysicalResourceId", ""), each["ResourceType"]
        logical = each["LogicalResourceId"]
        resources[physical] = min(logical, resources.get(physical, logical))  # a policy has its bucket's
        types[kind] = (*types.get(kind, ()), physical)
    hosts = {urlsplit(url).netloc for url in (*apis.values(), endpoint) if url}
    return Place(name, call, apis, outputs, resources, types, tuple(sorted(hosts)), account, origin)


def _resources(call: Call, stack_name: str) -> Iterator[dict[str, Any]]:
    request = {"StackName": stack_name}
    while True:
        page = call("cloudformation", "ListStackResources", request)
        yield from page["StackResourceSummaries"]
        if not page.get("NextToken"):
            return
        request = {"StackName": stack_name, "NextToken": page["NextToken"]}


def _base(api: str, url: str) -> str:
    """A REST API's URL ends with its stage, which the paths of its routes begin with."""
    url = url.rstrip("/")
    return url.rpartition("/")[0] if api == "rest" else url
