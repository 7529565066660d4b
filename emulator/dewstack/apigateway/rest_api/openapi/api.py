"""What an OpenAPI definition says of a REST API as a whole: its name aside, all that its extensions may set."""

from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.openapi_document import Document, items, mapping


def properties_of(document: Document) -> dict[str, Any]:
    """The fields of a `RestApi` that `document` sets; `endpoint_configuration` is a map of its fields. Raises
    BadRequestException."""
    endpoint = mapping(document.extension("endpoint-configuration"))
    policy = document.extension("policy")
    tags = {
        str(tag.get("name")): str(tag["x-amazon-apigateway-tag-value"])
        for tag in map(mapping, items(document.raw.get("tags")))
        if "x-amazon-apigateway-tag-value" in tag
    }
    given: dict[str, Any] = {
        "description": document.description,
        "version": document.version,
        "api_key_source": document.extension("api-key-source"),
        "binary_media_types": items(document.extension("binary-media-types")) or None,
        "minimum_compression_size": document.extension("minimum-compression-size"),
        "policy": policy
        if policy is None or isinstance(policy, str)
        else msgspec.json.encode(policy).decode(),
        "disable_execute_api_endpoint": endpoint.get("disableExecuteApiEndpoint"),
        "tags": tags or None,
    }
    size = given["minimum_compression_size"]
    if size is not None and not isinstance(size, int):
        raise BadRequestException("Invalid minimum compression size, must be a number")
    fields = {"types": endpoint.get("types"), "vpc_endpoint_ids": endpoint.get("vpcEndpointIds")}
    configuration = {name: items(value) for name, value in fields.items() if value}
    if configuration:
        given["endpoint_configuration"] = configuration
    return {name: value for name, value in given.items() if value is not None}
