"""dewstack inside LocalStack: plugins that give the community edition (4.14.0, the last that starts without an account)
what it lacks: Cognito user pools, HTTP and WebSocket APIs, enforced authorizers, Lambda without Docker, and stacks of
all these. They are dewstack's own services, run by one loop in a thread of LocalStack's process.

`plugins` is what LocalStack finds by entry points; nothing else imports LocalStack's modules but `gateway`.
"""
