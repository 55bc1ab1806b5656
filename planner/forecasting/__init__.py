"""Demand to come, from sales of the past: a mean and a standard deviation per product and day."""
