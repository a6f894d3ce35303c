"""The command line, and all that prints: the only importer of typer and rich."""
