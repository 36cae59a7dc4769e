"""Stage 7: a graph and its controls as one web page: notebook outputs become HTML."""
