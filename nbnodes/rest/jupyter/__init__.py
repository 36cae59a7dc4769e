"""Jupyter Server's extension: the same routes, behind Jupyter's own doors, on its notebooks."""
