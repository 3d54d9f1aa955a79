"""The expression language of detector models: text to tokens, tokens to a tree, the tree to a function.

Start at `evaluate.compile_expression`. This package knows values and scopes, and no detector.
"""

__all__ = ["errors", "evaluate", "functions", "scope", "tree"]
