"""From a table that nobody has described to a checked configuration: `init` and `check`."""
