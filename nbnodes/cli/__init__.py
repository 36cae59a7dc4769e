"""The command line: run, inspect, cache. Exit codes: 0 done, 1 the notebook failed, 2 wrong usage or
parameters, 3 the machine failed (no kernel, out of time), 130 interrupted.
"""
