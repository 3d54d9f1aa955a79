"""The checks that a definition passes before it may run: AWS's own, and some that AWS should have had.

They read definitions and expression trees, and run nothing. Only synthesis and the commands load them.
"""

__all__ = ["checks", "load"]
