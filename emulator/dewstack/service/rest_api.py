"""`provider.apiGateway`: the REST API that all `http` events of a map share, its API keys and usage plans."""

from collections.abc import Mapping
from typing import Any

from .plugins import plugin_names
from .problems import KeyPath
from .reading import Reading, mapping, sequence, text
from .rest_model import ApiKey, RestApi, UsagePlan

BINARY_PLUGIN = "serverless-apigw-binary"
PATH: KeyPath = ("provider", "apiGateway")


def build_rest_api(reading: Reading, provider: Mapping[str, Any]) -> RestApi:
    """Read the section; an API made elsewhere (`restApiId`) takes neither logs nor tracing of its own."""
    section = mapping(provider.get("apiGateway"))
    endpoint = mapping(section.get("endpoint"))
    logs = mapping(provider.get("logs")).get("restApi")
    external = section.get("restApiId")
    if external:
        _check_external(reading, section, provider)
    endpoint_type = (text(provider.get("endpointType")) or "EDGE").upper()
    if provider.get("vpcEndpointIds") and endpoint_type != "PRIVATE":
        reading.problem(("provider", "vpcEndpointIds"), "are for private APIs ('endpointType: PRIVATE')")
    if logs and mapping(logs).get("accessLogging") is not False:
        message = "a REST API writes no access logs here"
        reading.loss(("provider", "logs", "restApi"), message)
    usage_plans = _usage_plans(section)
    return RestApi(
        id=external,
        root_resource_id=section.get("restApiRootResourceId"),
        resource_ids=_resource_ids(section.get("restApiResources")),
        name=text(provider.get("apiName")),
        description=text(section.get("description")),
        stage=text(section.get("stage")),
        endpoint_type=endpoint_type,
        vpc_endpoint_ids=provider.get("vpcEndpointIds"),
        security_policy=text(endpoint.get("securityPolicy")),
        access_mode=endpoint.get("accessMode"),
        binary_media_types=_binary_media_types(reading, section),
        minimum_compression_size=section.get("minimumCompressionSize"),
        api_key_source_type=text(section.get("apiKeySourceType")),
        disable_default_endpoint=section.get("disableDefaultEndpoint"),
        should_start_name_with_service=section.get("shouldStartNameWithService") is True,
        resource_policy=tuple(_statement(each) for each in sequence(section.get("resourcePolicy"))),
        timeout_in_millis=section.get("timeoutInMillis"),
        schemas=mapping(mapping(section.get("request")).get("schemas")),
        api_keys=_api_keys(reading, section, usage_plans),
        usage_plans=usage_plans,
        access_logging=bool(logs) and mapping(logs).get("accessLogging") is not False,
    )


def _binary_media_types(reading: Reading, section: Mapping[str, Any]) -> tuple[str, ...]:
    """The map's own, and those that the plugin apigw-binary would set after the deployment."""
    own = sequence(section.get("binaryMediaTypes"))
    if BINARY_PLUGIN not in plugin_names(reading.settings):
        return own
    added = mapping(mapping(reading.settings.get("custom")).get("apigwBinary")).get("types")
    return tuple(dict.fromkeys([*own, *sequence(added)]))


def _statement(statement: Any) -> Any:
    """A statement as the Framework passes it on: a list of one resource is that resource."""
    single = {
        key: value[0]
        for key, value in mapping(statement).items()
        if key in ("Resource", "NotResource") and isinstance(value, list) and len(value) == 1
    }
    return {**statement, **single} if single else statement


def _check_external(reading: Reading, section: Mapping[str, Any], provider: Mapping[str, Any]) -> None:
    if not section.get("restApiRootResourceId"):
        message = "missing key 'restApiRootResourceId', the root of the API that 'restApiId' names"
        reading.problem(PATH, message)
    for key, name in (("tracing", "apiGateway"), ("logs", "restApi")):
        if mapping(provider.get(key)).get(name) is not None:
            message = "can't be set up for an API that is made elsewhere (apiGateway.restApiId)"
            reading.problem(("provider", key, name), message)


def _resource_ids(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        pairs = [(mapping(entry).get("path"), mapping(entry).get("resourceId")) for entry in value]
    else:
        pairs = list(mapping(value).items())
    return {f"/{str(path).removeprefix('/').removesuffix('/')}": found for path, found in pairs if text(path)}


def _usage_plans(section: Mapping[str, Any]) -> tuple[UsagePlan, ...]:
    value = section.get("usagePlan")
    if isinstance(value, list):
        named = [pair for entry in value for pair in list(mapping(entry).items())[:1]]
        return tuple(_usage_plan(name, mapping(plan)) for name, plan in named)
    return (_usage_plan(None, mapping(value)),) if value or section.get("apiKeys") else ()


def _usage_plan(name: str | None, plan: Mapping[str, Any]) -> UsagePlan:
    return UsagePlan(name, mapping(plan.get("quota")), mapping(plan.get("throttle")))


def _api_keys(
    reading: Reading, section: Mapping[str, Any], usage_plans: tuple[UsagePlan, ...]
) -> tuple[ApiKey, ...]:
    """The keys, numbered as the Framework does: anew within each plan that has keys of its own."""
    keys: list[ApiKey] = []
    number, plans = 0, {plan.name for plan in usage_plans}
    for index, entry in enumerate(sequence(section.get("apiKeys"))):
        name, value = next(iter(mapping(entry).items()), (None, None))
        if name is not None and name in plans:
            number = 0
            for each in sequence(value):
                number += 1
                keys.append(_api_key(number, each, name))
        elif isinstance(value, list):
            reading.problem((*PATH, "apiKeys", index), f"there is no usage plan '{name}' for these keys")
        else:
            number += 1
            keys.append(_api_key(number, entry, None))
    return tuple(keys)


def _api_key(number: int, entry: Any, usage_plan: str | None) -> ApiKey:
    own = mapping(entry)
    return ApiKey(
        number=number,
        name=text(entry) or text(own.get("name")),
        value=text(own.get("value")),
        description=text(own.get("description")),
        customer_id=text(own.get("customerId")),
        enabled=own.get("enabled") is not False,
        usage_plan=usage_plan,
    )
