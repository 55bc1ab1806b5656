"""The world: how stock moves, what it costs, what theory says of it."""
