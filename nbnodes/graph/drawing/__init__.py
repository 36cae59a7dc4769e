"""A graph as a picture: Mermaid, SVG, or text for a terminal. Plain values in, text out."""
