"""What a causal language model writes about items, from their fields alone."""
