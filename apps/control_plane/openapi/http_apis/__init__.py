"""OpenAPI 3.0 definitions of HTTP APIs."""
