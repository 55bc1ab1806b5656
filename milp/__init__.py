"""The plan as algebra: one product's model, its tiling, its solution."""
