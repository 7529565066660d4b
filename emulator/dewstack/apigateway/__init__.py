"""API Gateway: the control plane of HTTP APIs and the path of a request."""

from dewstack.apigateway.gateway import ApiGateway
from dewstack.apigateway.jwks import Keys
from dewstack.apigateway.model import Api

__all__ = ["Api", "ApiGateway", "Keys"]
