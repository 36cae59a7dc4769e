"""Its place makes `tests/` importable everywhere below: `from notebooks import notebook`."""
