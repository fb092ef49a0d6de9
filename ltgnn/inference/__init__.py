"""A finished run opened: restored, recommended from, searched, explained, updated."""
