"""Batches of train pairs, random streams, negatives."""
