"""Which nodes bring the dimensions of an event with them, and which are numbers that must be filled to its shape."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.registry.functions import FUNCTIONS
from formula2dgm.registry.own import FAMILIES

#: The changes of parameters that give one number for one number.
_CONVERSIONS = frozenset(
    converter
    for family in FAMILIES
    for parameter, others in family.alternatives.items()
    for converter in others.values()
    if not family.rank(parameter)
)
#: What makes a number of numbers.
_OF_NUMBERS = (ir.Const, ir.Hyper, ir.Size, ir.Neg, ir.Add, ir.Mul, ir.Div, ir.Pow)


def is_python_number(node: ir.Node) -> bool:
    """Is the node made of literals and hyperparameters alone?"""
    stack, known = [node], {node}
    while stack:
        each = stack.pop()
        if isinstance(each, ir.Dimension):
            continue  # the size of a value is a number, whatever the value is
        if not isinstance(each, _OF_NUMBERS) and not (isinstance(each, ir.Apply) and _maps_numbers(each.function)):
            return False
        new = [child for child in each.children if child not in known]
        stack += new
        known.update(new)
    return True


def _maps_numbers(name: str) -> bool:
    """Does generated code give a number for a number: a function with one of ``math``, or a change of parameters?"""
    known = next((each for each in FUNCTIONS if each.name == name), None)
    return known.number is not None if known is not None else name in _CONVERSIONS


def carries_event(program: Program, law: ir.Law) -> bool:
    """Do the parameters carry the event dimensions, so that summing over these counts every one?"""
    shapes = {each.name: each.shape for each in program.tensors}
    for _, node in law.params:
        small = isinstance(node, ir.Param) and law.shape is not None and _event_of(node, shapes) != law.shape
        if not small and not is_python_number(node):
            return True
    return False


def _event_of(node: ir.Param, shapes: dict[str, tuple[int, ...] | None]) -> tuple[int, ...] | None:
    """The event shape of a tensor: its shape behind the axes that it runs along."""
    shape = shapes[node.name]
    return None if shape is None else shape[len(node.own) :]


def is_counted(node: ir.Node) -> bool:
    """Is the node a whole number for each position: an index, or made of one and of whole numbers?"""
    leaves = [each for each in walk(node) if not any(each.children)]
    numbers = [each.value for each in leaves if isinstance(each, ir.Const)]
    if not all(isinstance(each, ir.Index | ir.Const) for each in leaves) or len(numbers) == len(leaves):
        return False
    return all(float(each).is_integer() for each in numbers)
