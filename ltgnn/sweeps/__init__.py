"""Sweeps: which jobs, in which processes, and what is left when one of them fails or all are killed."""
