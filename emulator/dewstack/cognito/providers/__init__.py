"""Identity providers, and who their people are in a pool."""
