"""The nouns of the trade, the tables they come from, and the shipped sample."""
