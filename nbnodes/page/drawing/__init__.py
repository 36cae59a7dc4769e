"""A Result becomes blocks of HTML."""
