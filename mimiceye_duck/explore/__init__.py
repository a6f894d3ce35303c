"""Questions to a finished build."""
