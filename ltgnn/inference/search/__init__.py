"""Search over item texts and tables of questions."""
