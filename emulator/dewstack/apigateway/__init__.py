"""API Gateway: the control planes of HTTP APIs and REST APIs, and the path of a request through either."""

from dewstack.apigateway.gateway import ApiGateway
from dewstack.apigateway.jwks import Keys

__all__ = ["ApiGateway", "Keys"]
