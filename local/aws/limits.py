"""The services' words for a request that breaks a limit."""


def longer_than(where: str, limit: int) -> str:
    """What AWS says of a list, text or blob over its limit."""
    return constraint(where, f"Member must have length less than or equal to {limit}")


def shorter_than(where: str, limit: int) -> str:
    """What AWS says of a list or text under its limit."""
    return constraint(where, f"Member must have length greater than or equal to {limit}")


def constraint(where: str, rule: str) -> str:
    """What AWS says of a value that breaks a rule of its model."""
    return f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {rule}"
