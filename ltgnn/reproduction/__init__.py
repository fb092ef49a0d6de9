"""Published rows, our results beside them, and the verdict."""
