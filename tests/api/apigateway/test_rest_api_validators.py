"""Request validators of REST APIs."""

import json
from typing import Any

import pytest

from dewstack.apigateway.rest_api.json_schema import BadSchema, Schema
from tests.api.apigateway.http_api_client import header
from tests.api.apigateway.rest_api_client import RestGateway

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
    "additionalProperties": False,
}


def validated(rest: RestGateway, schema: Any = SCHEMA, **validator: Any) -> RestGateway:
    rest.create_rest()
    text = schema if isinstance(schema, str) else json.dumps(schema)
    rest.call("CreateModel", name="Person", contentType="application/json", schema=text)
    settings = {"validateRequestBody": True, "validateRequestParameters": True} | validator
    made = rest.call("CreateRequestValidator", name="v", **settings)
    rest.method(
        "POST /{id}",
        requestValidatorId=made["id"],
        requestModels={"application/json": "Person"},
        requestParameters={"method.request.querystring.q": True, "method.request.header.X-A": False},
    )
    return rest.deploy()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "ann"}', 200),
        (b'{"name": "ann", "age": 3}', 200),
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"name": ""}', 400),
        (b'{"name": 1}', 400),
        (b'{"name": "ann", "age": -1}', 400),
        (b'{"name": "ann", "more": 1}', 400),
        (b"[" * 5000, 400),
        (b'{"name": "%s"}' % (b"a" * 100_000), 200),
        (b'{"name": %s}' % (b"[" * 100_000), 400),
    ],
)
def test_bodies(rest: RestGateway, body: bytes, status: int) -> None:
    response = validated(rest).request("POST", "/1?q=1", {"Content-Type": "application/json"}, body)
    assert response.status == status
    if status == 400:
        assert response.body == b'{"message":"Invalid request body"}'
        assert header(response, "x-amzn-ErrorType") == ["BadRequestException"]
        assert rest.invoked == []


def test_a_body_of_a_type_without_a_model_passes(rest: RestGateway) -> None:
    assert validated(rest).request("POST", "/1?q=1", {"Content-Type": "text/plain"}, b"x").status == 200


def test_parameters(rest: RestGateway) -> None:
    body = b'{"name": "ann"}'
    for query in ("", "?q="):
        response = validated(rest).request("POST", f"/1{query}", body=body)
        assert (response.status, response.body) == (
            400,
            b'{"message":"Missing required request parameters: [q]"}',
        )


@pytest.mark.parametrize(("kind", "body", "status"), [("Body", b"", 200), ("Parameters", b"{}", 400)])
def test_what_is_not_to_be_validated_passes(rest: RestGateway, kind: str, body: bytes, status: int) -> None:
    validated(rest, **{f"validateRequest{kind}": False})
    assert rest.request("POST", "/1?q=1", body=body).status == status


@pytest.mark.parametrize(
    "schema", [{"if": {}}, {"$ref": "https://elsewhere/x"}, {"pattern": "("}, {"allOf": 1}]
)
def test_a_model_that_is_not_emulated_lets_nothing_through(rest: RestGateway, schema: Any) -> None:
    assert validated(rest, schema).request("POST", "/1?q=1", body=b"{}").status == 500


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": ["string", "null"]}, ["a", None], [1, True]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"type": "integer"}, [1, 2.0, 10**400], [1.5, True]),
        ({"enum": [1, "a"]}, [1, "a"], [True, "b"]),
        ({"minimum": 1, "exclusiveMinimum": True, "maximum": 3}, [2, 3, "x"], [1, 4]),
        ({"multipleOf": 0.5}, [1.5], [0.7, 10**400]),
        ({"multipleOf": 2}, [4, "x", 10**400], [3, 10**400 + 1]),
        ({"pattern": "^a+$"}, ["aa", 1], ["b"]),
        ({"items": {"type": "string"}, "minItems": 1, "maxItems": 2}, [["a"], "x"], [[], [1], ["a"] * 3]),
        ({"items": [{"type": "string"}], "additionalItems": False}, [["a"], []], [[1], ["a", 1]]),
        ({"uniqueItems": True}, [[1, 2]], [[1, 1], [{"a": 1}, {"a": 1}]]),
        (
            {"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": {"type": "number"}},
            [{"xa": "b", "c": 1}],
            [{"xa": 1}, {"c": "d"}],
        ),
        ({"allOf": [{"minLength": 2}, {"maxLength": 3}]}, ["ab"], ["a", "abcd"]),
        ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, ["a", 3], [2]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, [1, 3.5], [3, 0.5]),
        ({"not": {"type": "string"}}, [1], ["a"]),
        (
            {"definitions": {"a": {"type": "string"}}, "properties": {"b": {"$ref": "#/definitions/a"}}},
            [{"b": "c"}],
            [{"b": 1}],
        ),
        ({"$ref": "#"}, [], [1]),
        ({"$ref": "#/definitions/none"}, [], [1]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 2}]),
    ],
)
def test_schemas(schema: Any, good: list[Any], bad: list[Any]) -> None:
    assert [Schema(schema).fits(value) for value in good] == [True] * len(good)
    assert [Schema(schema).fits(value) for value in bad] == [False] * len(bad)


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(BadSchema, match="'if'"):
        Schema({"properties": {"a": {"if": {}}}})


def test_the_time_a_body_takes_does_not_double_with_each_of_its_levels() -> None:
    def branch(kind: str) -> dict[str, Any]:
        return {
            "properties": {"next": {"$ref": "#/definitions/tree"}, "kind": {"enum": [kind]}},
            "required": ["kind"],
        }

    tree = {"oneOf": [{"type": "string"}, branch("a") | {"type": "object"}, branch("b") | {"type": "object"}]}
    schema = Schema({"$ref": "#/definitions/tree", "definitions": {"tree": tree}})
    good: Any = "leaf"
    bad: Any = 1
    for _ in range(20):
        good, bad = {"next": good, "kind": "a"}, {"next": bad, "kind": "b"}
    assert schema.fits(good)
    assert not schema.fits(bad)
