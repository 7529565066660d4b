"""EventBridge: buses, rules, and what their targets are sent."""
