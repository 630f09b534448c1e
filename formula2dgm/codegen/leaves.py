"""Nodes without parts as Python: numbers, arguments, parameters, sizes and positions."""

from __future__ import annotations

import math

from formula2dgm.codegen.python import ATOM, UNARY, Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.numbers import power

#: Beyond it a number is no logarithm that a formula has.
_LARGEST = 20.0

#: Whole numbers up to here are the same as floats.
_WHOLE = 2**53

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
    value = float(value) if abs(value) > _WHOLE else value  # torch's whole numbers end before Python's
    simple = round(math.exp(value), 4) if isinstance(value, float) and abs(value) < _LARGEST else 0.0
    if simple > 0 and simple != 1 and math.log(simple) == value:
        return call("math.log", f"{simple:g}")
    return Code(repr(value), UNARY if value < 0 else ATOM)


def as_float(scope: Scope, base: ir.Node, exponent: ir.Node) -> ir.Node:
    """The base of a power, as a float where the power of whole numbers is beyond those that torch has: ``2.0**100``."""
    if not isinstance(base, ir.Const) or not isinstance(exponent, ir.Const):
        return base
    beyond = abs(power(base.value, exponent.value)) > _WHOLE
    return scope.program.arena.make(ir.Const, float(base.value)) if beyond else base


def without_minus(scope: Scope, node: ir.Node) -> ir.Node:
    """What a summand subtracts, or the summand itself."""
    match node:
        case ir.Neg(body) if node not in scope.bound:
            return body
        case ir.Const(value) if value < 0:
            return scope.program.arena.make(ir.Const, -value)
    return node
