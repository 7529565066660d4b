"""A template, deployed to a target."""
