"""Stage 3: run one Notebook once. Every engine gives the same Result for the same request."""
