"""Clean and perturbed passes of one encoder."""
