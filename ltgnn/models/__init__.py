"""Node states, propagation and the closed-form yardsticks."""
