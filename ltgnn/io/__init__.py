"""Files and terminals: atomic writing, bounded reading, texts shown as they are."""
