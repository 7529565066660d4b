"""Responses that are handed on while the function writes them."""
