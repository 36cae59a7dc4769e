"""Stage 7: a live graph as ipywidgets, and code that waits for a person."""
