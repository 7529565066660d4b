"""WebSocket APIs: connections that stay, each message of which is routed to an integration."""
