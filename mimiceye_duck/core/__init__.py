"""Errors, text, paths, locks and threads: what everything stands on."""
