"""One HTML file about many runs."""
