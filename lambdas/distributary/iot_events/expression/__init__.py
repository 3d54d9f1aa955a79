"""The expression language of detector models: text to tokens, tokens to a tree, the tree to a function.

`compile_expression` is the door; every name that starts elsewhere in this package is a stage behind it.
"""

from distributary.iot_events.expression.errors import ExpressionError, Unevaluable
from distributary.iot_events.expression.evaluate import Expression, compile_expression
from distributary.iot_events.expression.scope import Evaluate, Scope

__all__ = ["Evaluate", "Expression", "ExpressionError", "Scope", "Unevaluable", "compile_expression"]
