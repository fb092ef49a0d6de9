"""One module per command ``ltgnn NAME``, called NAME: parses, calls, prints. Only ``ltgnn/cli.py`` imports them."""
