"""Stage 2: notebooks and functions become nodes, and nodes a graph; an ordinary notebook is split."""
