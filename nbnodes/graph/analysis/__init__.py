"""Cells become what they read, define, change and leave in doubt; nothing of them is run."""
