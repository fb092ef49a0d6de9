"""What a shop puts around a finished model: rules, lists as files, export, the HTTP server."""
