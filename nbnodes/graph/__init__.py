"""Stage 2: notebooks and functions become nodes, and nodes a graph; a notebook is split."""
