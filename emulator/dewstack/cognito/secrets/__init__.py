"""Passwords and Secure Remote Password: what is derived from a password, and the work of doing so."""
