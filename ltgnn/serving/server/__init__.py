"""The HTTP server: page and JSON API over one finished model."""
