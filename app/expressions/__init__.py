"""CEL expressions: compiled at load, evaluated over one call.

Made of the Common Expression Language of Kubernetes and Envoy, by `common-expression-language`,
with its string functions and ours.
"""

from app.expressions.expression import Expression, ExpressionFailed, ExpressionFault, compile_text
from app.expressions.reads import Reads
from app.expressions.scope import Scope, Variables, make_variables

__all__ = [
    "Expression",
    "ExpressionFailed",
    "ExpressionFault",
    "Reads",
    "Scope",
    "Variables",
    "compile_text",
    "make_variables",
]
