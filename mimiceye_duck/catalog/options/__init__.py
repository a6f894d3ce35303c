"""Options of the commands, and their checks before any work."""
