"""`dew explain`: what AWS does with a request to a route, and what an error means."""

from dewstack.explain.endpoint import Explanations

__all__ = ["Explanations"]
