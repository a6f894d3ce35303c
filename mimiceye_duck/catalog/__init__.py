"""Definitions of a build: contracts, models, options, templates, dialects."""
