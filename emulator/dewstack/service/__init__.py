"""serverless.yml, read into a model."""
