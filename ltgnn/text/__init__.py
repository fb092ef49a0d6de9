"""Item fields to one string to features."""
