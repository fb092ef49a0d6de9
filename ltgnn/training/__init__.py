"""Training: loop, callbacks, resume, profile, learning rates."""
