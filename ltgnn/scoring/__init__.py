"""Scores from states: scorers, masks of items, post-hoc adjustments, ensembles."""
