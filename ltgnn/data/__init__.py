"""Files to interactions, splits, groups and batches."""
