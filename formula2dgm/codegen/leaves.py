"""Nodes without parts as Python: numbers, arguments, parameters, sizes and positions."""

from __future__ import annotations

import math

from formula2dgm.codegen.python import ATOM, UNARY, Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir

#: Beyond it a number is no logarithm that a formula has.
_LARGEST = 20.0

Leaf = ir.Const | ir.Hyper | ir.Data | ir.Size | ir.Param | ir.Index


def leaf(scope: Scope, node: Leaf) -> Code:
    """The value of a node that nothing else is needed for."""
    match node:
        case ir.Const(value):
            return _number(value)
        case ir.Hyper(name) | ir.Data(name):
            return Code(scope.arguments[name])
        case ir.Size(axis):
            return Code(scope.size(axis))
        case ir.Param(name, learned=_, frozen=frozen):
            return Code(f"self.{name}.detach()" if frozen else f"self.{name}")
        case ir.Index(axis, lower):
            size = scope.size(axis)
            data = next(
                (scope.arguments[each.name] for each in scope.program.inputs if each.name in scope.arguments), None
            )
            device = f"device={data or scope.use('tensor_of') + '(self)'}.device"
            return call("torch.arange", str(lower), size if lower == 0 else f"{lower} + {size}", device)


def _number(value: float) -> Code:
    """A number; the logarithm of a simple one as such: ``math.log(0.5)``."""
    simple = round(math.exp(value), 4) if isinstance(value, float) and abs(value) < _LARGEST else 0.0
    if simple > 0 and simple != 1 and math.log(simple) == value:
        return call("math.log", f"{simple:g}")
    return Code(repr(value), UNARY if value < 0 else ATOM)
