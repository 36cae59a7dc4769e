"""Stage 5: nodes bound to a Session, run once or kept up to date."""
