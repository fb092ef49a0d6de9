"""Training in several processes; columns of the embeddings shared among them."""
