"""Checks that need no more than names, headers and sizes."""
