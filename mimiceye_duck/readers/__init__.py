"""The downloads: which files there are, and their rows as they are."""
