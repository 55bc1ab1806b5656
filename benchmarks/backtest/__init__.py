"""`planner bench backtest`: decisions tried on the sales of a real wholesaler."""
