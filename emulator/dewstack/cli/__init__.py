"""The dew command."""
