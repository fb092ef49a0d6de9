"""Parts for ltgnn: see README.md."""
