"""ltgnn: long-tail recommendation with graph neural networks and language-model item text."""

__version__ = "0.1.0"
