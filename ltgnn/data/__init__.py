"""Files to interactions, splits and groups."""
