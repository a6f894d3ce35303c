"""Synthetic patients, stays, images and readings, before any file."""
