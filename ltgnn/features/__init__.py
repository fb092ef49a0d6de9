"""Side information of items to feature vectors: text encoders, numbers, given vectors; store, controls, tuning."""
