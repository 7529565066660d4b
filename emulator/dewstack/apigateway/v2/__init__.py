"""The control plane of `apigatewayv2`, which HTTP APIs and WebSocket APIs share; each protocol brings its own rules."""
