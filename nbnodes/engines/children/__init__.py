"""Processes made for one run each: forked from a template, or spawned where there is no fork."""
