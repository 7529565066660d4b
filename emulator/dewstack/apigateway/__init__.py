"""API Gateway: the control plane of HTTP APIs and the path of a request."""
