"""Asynchronous invocations: events that are accepted now, served later, tried again, and told of at the end."""
