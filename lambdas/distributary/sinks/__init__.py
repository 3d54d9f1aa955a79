"""Where events go: one module a destination, each two limits and one call."""
