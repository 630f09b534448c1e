"""Powers of whole numbers: torch knows no negative ones, and takes ``10 ** -torch.arange(3)`` for 1, 0, 0."""

from __future__ import annotations

from formula2dgm.codegen.event_dimensions import is_counted, is_python_number
from formula2dgm.codegen.python import Code, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir


def real_operands(scope: Scope, node: ir.Pow, base: Code, exponent: Code) -> tuple[Code, Code]:
    """The base and the exponent, one of them real numbers where both would be whole ones."""
    if is_counted(node.base):
        return method(base, "to", f"{scope.use('tensor_of')}(self)"), exponent
    if is_python_number(node.base) and is_counted(node.exponent):
        return base, method(exponent, "to", f"{scope.use('tensor_of')}(self)")
    return base, exponent
