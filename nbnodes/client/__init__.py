"""A server's address becomes models that are called like local ones: `nbnodes.connect(url)`."""
