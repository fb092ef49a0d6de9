"""Scores to lists to numbers."""
