"""dewstack: the serverless stack (API Gateway, Lambda, Cognito), condensed onto your machine."""

__version__ = "0.1.0"
