"""REST APIs out of OpenAPI definitions (Swagger 2.0, OpenAPI 3.0) with AWS's extensions, and back into them."""
