"""How a local stack keeps its pace: load for minutes, what waits, how much memory, and whether all of it landed."""
