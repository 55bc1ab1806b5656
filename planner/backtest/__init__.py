"""Decisions tried on the past: month by month, with only what was known then."""
