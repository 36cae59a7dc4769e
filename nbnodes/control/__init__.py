"""Stage 5: a Parameter as a control, plain data that every surface renders."""
