"""Why a user gets an item: the terms of a score."""
