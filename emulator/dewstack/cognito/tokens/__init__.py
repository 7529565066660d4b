"""Tokens: keys, claims, issuing, and what becomes of tokens that come back."""
