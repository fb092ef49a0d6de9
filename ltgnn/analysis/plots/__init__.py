"""Pictures of finished runs, one kind a module: rows of a table in, a matplotlib figure out."""
