"""Stage 1: a file becomes a Notebook, and given values become the values its cells see."""
