"""What turns states into scores: scorers, masks of items, post-hoc adjustments, ensembles."""
