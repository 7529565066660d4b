"""CloudFormation: templates, stacks and the engine that creates, updates, deletes and rolls back."""
