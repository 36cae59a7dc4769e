"""How a notebook's cells run in a Python process: as plain code, or in an IPython shell."""
