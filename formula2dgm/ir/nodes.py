"""The nodes of a resolved program.

A node is immutable and interned by an :class:`~formula2dgm.ir.arena.Arena`: two nodes with the same fields
are one object, so equality is ``is``, and a network applied to the same inputs is one node wherever the
formula mentions it.  Randomness is part of identity: a :class:`Draw` is its distribution, its site and its
copy.  Places in the user's text lie beside the nodes, in the arena.

Each node knows its ``axes`` (see :mod:`formula2dgm.ir.axes`) and its ``event``:

    number   no event dimensions: a log-density, a norm, a hyperparameter, a scalar draw
    value    the event dimensions of some variable: data, a draw, a parameter
    open     what a deterministic network returns: a number or a value, as its use demands
    law      a distribution
    outputs  the raw result of a network call

:class:`Reduce` is the only node that removes an axis; :class:`Stack` and :class:`Sequence` make one the event.
"""

from __future__ import annotations

from formula2dgm.ir.arithmetic import (
    Add,
    Apply,
    ArgMin,
    At,
    Choice,
    Div,
    Dot,
    Entries,
    Entry,
    EventFunction,
    EventSum,
    Grad,
    JacobianTrace,
    Jvp,
    LogAbsDet,
    LogDetJacobian,
    MatMul,
    Mul,
    Nearest,
    Neg,
    Norm,
    Pow,
    Reduce,
    ReduceOp,
    Stack,
    StopGrad,
)
from formula2dgm.ir.chains import ChainFilter, ChainSum
from formula2dgm.ir.entries import Along, Component, Dimension
from formula2dgm.ir.laws import (
    LOG_DET,
    VALUE,
    Coupled,
    Divergence,
    Draw,
    Entropy,
    Head,
    Law,
    LogProb,
    LogProbAt,
    Method,
    Moment,
    NetCall,
    Permuted,
)
from formula2dgm.ir.leaves import Const, Data, Enumerated, Hyper, Index, LogStratumWeight, Param, Size
from formula2dgm.ir.linear_chains import Filtered, LinearChain, LinearFilter
from formula2dgm.ir.node import Event, Node
from formula2dgm.ir.paths import PathIntegral, PathPoint, Solution
from formula2dgm.ir.time import (
    AtStep,
    Carrying,
    FirstStep,
    Lengths,
    LinearRecurrence,
    Pair,
    Picked,
    Prefix,
    Previous,
    Running,
    Sequence,
    Shifted,
    Start,
    State,
    Steps,
    Window,
)

__all__ = [
    "LOG_DET",
    "VALUE",
    "Add",
    "Along",
    "Apply",
    "ArgMin",
    "At",
    "ChainFilter",
    "ChainSum",
    "Choice",
    "Const",
    "Coupled",
    "Data",
    "Div",
    "Divergence",
    "Component",
    "Dimension",
    "Dot",
    "EventFunction",
    "EventSum",
    "LogAbsDet",
    "JacobianTrace",
    "Jvp",
    "LogDetJacobian",
    "MatMul",
    "Draw",
    "Entries",
    "Entry",
    "Entropy",
    "Enumerated",
    "Event",
    "Grad",
    "Head",
    "Hyper",
    "Index",
    "Law",
    "Filtered",
    "LinearChain",
    "LinearFilter",
    "LogProb",
    "LogProbAt",
    "Method",
    "Moment",
    "Mul",
    "Nearest",
    "Neg",
    "NetCall",
    "Node",
    "Norm",
    "Param",
    "Permuted",
    "Pow",
    "Previous",
    "Reduce",
    "ReduceOp",
    "Size",
    "Solution",
    "AtStep",
    "Carrying",
    "FirstStep",
    "Lengths",
    "LinearRecurrence",
    "Pair",
    "PathIntegral",
    "PathPoint",
    "Picked",
    "Prefix",
    "Running",
    "Sequence",
    "Shifted",
    "Start",
    "State",
    "Steps",
    "Window",
    "Stack",
    "StopGrad",
    "LogStratumWeight",
]
