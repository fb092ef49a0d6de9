"""The composed configuration: its schema, the check of its values before anything is loaded, suggestions for typos."""
