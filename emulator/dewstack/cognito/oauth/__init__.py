"""OAuth 2.0 and the hosted UI: what a user pool's domain serves to browsers and to token clients."""

from dewstack.cognito.oauth.hosted import Hosted

__all__ = ["Hosted"]
