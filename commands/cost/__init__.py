"""What a stage costs: the price list, the arithmetic, and the pages and the command that show it."""
