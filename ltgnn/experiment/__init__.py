"""The Python way in: data from frames, training, sweeps, evaluation; finished runs as objects and frames.

Everything here goes the way of the command line: the same composed configuration, checks, folders, keys and numbers.
"""
