"""Whole lots, minimum and fixed costs of orders, shared trucks: the plan's integers, by prices."""
