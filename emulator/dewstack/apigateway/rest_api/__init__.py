"""REST APIs (`apigateway`): their control plane and the path of a request through one."""
