"""nbnodes: a Jupyter notebook, unchanged, as a function."""
