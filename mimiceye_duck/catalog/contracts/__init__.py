"""Contracts: what every source table is, and how its cells are written."""
