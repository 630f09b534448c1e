"""What a term means, in words."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.text import to_text
from formula2dgm.registry.definitions import definition

_AVERAGED = {"mean": "averaged over", "sum": "summed over", "prod": "multiplied over"}
_AXES = {
    "batch": "the examples of the batch",
    "sample": "the draws of {name}",
    "enumeration": "all values of {name}",
    "time": "the steps {name}",
    "plate": "the parts {name} of an example",
    "index": "{name}",
    "replicate": "the repetitions of the expectation",
}
_FUNCTIONS = {"log": "the logarithm of {}", "exp": "the exponential of {}", "abs": "the absolute value of {}"}


def in_words(node: ir.Node) -> str:
    """What is computed, and over what it is averaged or summed, outermost last.

    >>> from formula2dgm.ir.arena import Arena
    >>> from formula2dgm.ir.axes import BATCH
    >>> arena = Arena()
    >>> x = arena.make(ir.Data, "x", (BATCH,))
    >>> law = arena.make(ir.Law, "p(x)", "Normal", (("loc", arena.make(ir.Const, 0.0)),))
    >>> in_words(arena.make(ir.Reduce, "mean", BATCH, arena.make(ir.LogProb, law, x)))
    'the log-density of x under p(x) (Normal), averaged over the examples of the batch'
    """
    match node:
        case ir.Reduce(op, axis, body) if op in _AVERAGED:
            over = _AXES[axis.kind].format(name=axis.name)
            return f"{in_words(body)}, {_AVERAGED[op]} {over}"
        case ir.Reduce("logsumexp" | "logmeanexp" as op, axis, body):
            over = _AXES[axis.kind].format(name=axis.name)
            kind = "mean" if op == "logmeanexp" else "sum"
            return f"the logarithm of the {kind} over {over} of the exponential of {_piece(body)}"
        case ir.Carrying(body):
            return in_words(body)
        case ir.StopGrad(body):
            return f"{in_words(body)}, held constant"
    return _piece(node)


def _piece(node: ir.Node) -> str:
    match node:
        case ir.Reduce() | ir.Carrying() | ir.StopGrad():
            return f"({in_words(node)})"
        case ir.LogProb(law, value, elementwise):
            by = " of each entry" * elementwise
            return f"the log-density{by} of {to_text(value)} under {law.label} ({law.family})"
        case ir.Divergence(name, left, right):
            return f"the {definition(name).title} between {left.label} and {right.label}"
        case ir.Entropy(law):
            return f"the entropy of {law.label} ({law.family})"
        case ir.Pow(ir.Norm(body), ir.Const(2)):
            return f"the squared {_length(body)}"
        case ir.Norm(body):
            return f"the {_length(body)}"
        case ir.EventSum(body):
            return f"the sum over the entries of {_piece(body)}"
        case ir.Apply(function, (argument,)) if function in _FUNCTIONS:
            return _FUNCTIONS[function].format(_piece(argument))
        case ir.Neg(body):
            return f"minus {_piece(body)}"
        case ir.Add((first, ir.Neg(second))):
            return f"the difference of {_piece(first)} and {_piece(second)}"
        case ir.Add(args):
            return f"the sum of {_listed([_piece(each) for each in args])}"
        case ir.Grad(body, wrt):
            return f"the gradient of {_piece(body)} in {to_text(wrt)}"
    return to_text(node)


def _length(body: ir.Node) -> str:
    match body:
        case ir.Add((left, ir.Neg(right))):
            return f"distance between {_piece(left)} and {_piece(right)}"
    return f"length of {_piece(body)}"


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
