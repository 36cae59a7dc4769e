"""Described endpoints become the OpenAPI 3.1 document of a server."""
