"""Function URLs, served: Lambda's own front door, which speaks the payload 2.0 of HTTP APIs."""

from dewstack.apigateway.function_urls.service import FunctionUrls

__all__ = ["FunctionUrls"]
