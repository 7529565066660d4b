"""Function URLs: their configuration. What answers at them is in `apigateway.function_urls`."""
