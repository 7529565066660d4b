"""What a REST API asks of requests before a function runs: required parameters, and models of bodies."""

from collections.abc import Mapping
from typing import Any

from . import naming
from .draft import Draft, ref
from .rest_drafting import Method, api_of
from .rest_methods import required


def compile_request_validation(draft: Draft, methods: list[Method]) -> None:
    """The validator, if any method needs it, and the models; the methods refer to them."""
    for method in methods:
        request = method.event.request
        properties = draft.resources[method.logical_id]["Properties"]
        if request.schemas or any(required(setting) for setting in request.parameters.values()):
            properties["RequestValidatorId"] = ref(_validator(draft))
        if request.schemas:
            properties["RequestModels"] = {
                content_type: ref(_model(draft, method, content_type, schema))
                for content_type, schema in request.schemas.items()
            }


def _validator(draft: Draft) -> str:
    service = draft.service
    logical_id = naming.rest_request_validator(service.name)
    if logical_id not in draft.resources:
        name = f"{service.name}-{service.stage} | Validate request body and querystring parameters"
        draft.add(
            logical_id,
            "AWS::ApiGateway::RequestValidator",
            {
                "RestApiId": api_of(draft),
                "ValidateRequestBody": True,
                "ValidateRequestParameters": True,
                "Name": name,
            },
        )
    return logical_id


def _model(draft: Draft, method: Method, content_type: str, schema: Any) -> str:
    """The model of a schema: one that the provider names, or the method's own; its logical ID."""
    named = draft.service.provider.rest_api.schemas.get(schema) if isinstance(schema, str) else None
    if named is not None:
        logical_id, content_type, schema = naming.rest_model(schema), "application/json", named
    else:
        logical_id = naming.rest_method_model(method.event.path, method.event.method, content_type)
    described: Mapping[str, Any] = schema if isinstance(schema, dict) and schema.get("schema") else {}
    draft.add(
        logical_id,
        "AWS::ApiGateway::Model",
        {
            "RestApiId": api_of(draft),
            "ContentType": content_type,
            "Schema": described.get("schema", schema),
            "Name": described.get("name"),
            "Description": described.get("description"),
        },
    )
    return logical_id
