"""Stage 9: the command line: run, inspect, cache."""
