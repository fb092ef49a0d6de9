"""Models that are computed, not trained: the yardsticks."""
