"""HTTP APIs (`apigatewayv2`): their control plane and the path of a request through one."""
