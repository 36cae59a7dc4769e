"""Stage 3: what a run's key is, and where its Result lives."""
