"""Stage 8: models of a server, called like local ones."""
