"""Fine-tuning of text encoders on a shop's own data."""
