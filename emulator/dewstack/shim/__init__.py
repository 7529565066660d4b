"""The Flask mirror: the same map and handlers as an ordinary Flask application."""

from dewstack.shim.app import create_app

__all__ = ["create_app"]
