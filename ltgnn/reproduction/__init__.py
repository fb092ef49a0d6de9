"""Published rows, our results, and the verdict."""
