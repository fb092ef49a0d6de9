"""From the command line and the yaml tree to a checked configuration."""
