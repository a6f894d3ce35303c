"""The build: find, read once, link, write the tree and the database."""
