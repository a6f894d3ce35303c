"""The steps of a build, each a module."""
