"""Checks that read every byte and cell."""
