"""The syntax tree: what a formula says, before anything is known about its names.

Every node carries the span of the user's text it was read from; spans do not take part in equality, so
that two spellings of one formula give equal trees.  What the reader of a paper decides from the *kind* of
a name stays undecided here (application or product, how far a bare ``log`` reaches, which terms a bare
``\\sum`` covers) and is settled by the resolver.
"""

from __future__ import annotations

from formula2dgm.syntax.tree_application import Call, Func, Prefix
from formula2dgm.syntax.tree_arithmetic import (
    Abs,
    Add,
    Case,
    Cases,
    Div,
    Evaluated,
    Indexed,
    Matrix,
    Mul,
    Neg,
    Norm,
    Power,
    Sqrt,
)
from formula2dgm.syntax.tree_atoms import Blank, Ellipsis, Infinity, Number, Symbol
from formula2dgm.syntax.tree_lists import Binds, Draws, Interval, OpenRange, Range, Relates, SetOf, SetWhere, Tuple
from formula2dgm.syntax.tree_node import Node
from formula2dgm.syntax.tree_operators import Big, Divergence, Expect, Integral, Labelled, Optimise
from formula2dgm.syntax.tree_statements import Chain, Statement

__all__ = [
    "Abs",
    "Add",
    "Big",
    "Binds",
    "Blank",
    "Call",
    "Case",
    "Cases",
    "Chain",
    "Div",
    "Divergence",
    "Draws",
    "Ellipsis",
    "Evaluated",
    "Expect",
    "Func",
    "Indexed",
    "Infinity",
    "Integral",
    "Interval",
    "Labelled",
    "Matrix",
    "Mul",
    "Neg",
    "Node",
    "Norm",
    "Number",
    "OpenRange",
    "Optimise",
    "Power",
    "Prefix",
    "Range",
    "Relates",
    "SetOf",
    "SetWhere",
    "Sqrt",
    "Statement",
    "Symbol",
    "Tuple",
]
