"""A REST API on its own: made by the operations of `apigateway`, with plain functions where AWS Lambda would be."""

from dataclasses import dataclass, field
from typing import Any

from dewstack.http import Response
from tests.api.apigateway.http_api_client import FUNCTION, Gateway

STAGE = "dev"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
AUTHORIZER = "arn:aws:lambda:us-east-1:000000000000:function:authorizer"
AUTHORIZER_URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{AUTHORIZER}/invocations"


def patch(op: str, path: str, value: str | None = None) -> dict[str, Any]:
    """One patch operation."""
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


@dataclass
class RestGateway(Gateway):
    """A REST API and its client. Requests go to the stage `dev` unless their path begins with `//`."""

    resources: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation as boto3 would; `restApiId` is this API's unless given."""
        if self.api_id and operation != "CreateRestApi":
            params = {"restApiId": self.api_id} | params
        output = self.api.operations["apigateway"][operation](self.config.caller, params)
        assert isinstance(output, dict)
        return output

    def create_rest(self, *routes: str, **api: Any) -> "RestGateway":
        """Create a regional API with methods that lead to the function, and deploy it."""
        settings = {"name": "test", "endpointConfiguration": {"types": ["REGIONAL"]}} | api
        created = self.call("CreateRestApi", **settings)
        self.api_id, self.resources = created["id"], {"/": created["rootResourceId"]}
        for route in routes:
            self.method(route)
        return self.deploy() if routes else self

    def resource(self, path: str) -> str:
        """The id of the resource at `path`, which is made with its parents if need be."""
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            created = self.call("CreateResource", parentId=self.resource(parent or "/"), pathPart=part)
            self.resources[path] = created["id"]
        return self.resources[path]

    def method(self, route: str, integration: dict[str, Any] | None = None, **method: Any) -> dict[str, str]:
        """Make the method `GET /path`, which leads to the function unless told otherwise; where it is."""
        verb, _, path = route.partition(" ")
        place = {"resourceId": self.resource(path), "httpMethod": verb}
        self.call("PutMethod", **({"authorizationType": "NONE"} | place | method))
        proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}
        self.call("PutIntegration", **(place | (proxy if integration is None else integration)))
        return place

    def mapped(
        self, route: str, integration: dict[str, Any], *responses: dict[str, Any], **method: Any
    ) -> dict[str, str]:
        """Make a method whose integration has these integration responses."""
        place = self.method(route, integration, **method)
        for response in responses or ({"statusCode": "200"},):
            headers = dict.fromkeys(response.get("responseParameters", ()), True)
            status = response["statusCode"]
            self.call("PutMethodResponse", statusCode=status, responseParameters=headers, **place)
            self.call("PutIntegrationResponse", **(place | response))
        return place

    def deploy(self, stage: str = STAGE, **settings: Any) -> "RestGateway":
        """Deploy the API as it is now."""
        self.call("CreateDeployment", stageName=stage, **settings)
        return self

    def request(self, method: str, path: str, headers: Any = None, body: bytes = b"") -> Response:
        """Send a request; `path` may have a query."""
        whole = path[1:] if path.startswith("//") else f"/{STAGE}{path}"
        return super().request(method, whole, headers, body)
