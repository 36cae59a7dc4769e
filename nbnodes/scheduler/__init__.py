"""Stage 4: what must run, runs; everything else comes from the cache."""
