"""A program in the formula's own notation: what a person reads in comments, tests and ``show --as ir``."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)


def to_text(node: ir.Node) -> str:
    """A node as a formula; reductions name their operation and axis.

    >>> from formula2dgm.ir.arena import Arena
    >>> from formula2dgm.ir.axes import Axis
    >>> arena, batch = Arena(), Axis("batch", "batch")
    >>> x = arena.make(ir.Data, "x", (batch,))
    >>> law = arena.make(ir.Law, "p(x)", "Normal", (("loc", arena.make(ir.Const, 0.0)),))
    >>> to_text(arena.make(ir.Reduce, "mean", batch, arena.make(ir.LogProb, law, x)))
    'mean_batch[log p(x)]'
    """
    return _text(node)[0]


def program_text(program: Program) -> str:
    """A whole program: each objective's terms, one a line."""
    lines: list[str] = []
    for objective in program.objectives:
        player = f"{objective.player}: " if objective.player else ""
        lines.append(f"{player}{'maximise' if objective.maximize else 'minimise'}")
        for term in objective.terms:
            coefficient = to_text(term.coefficient)
            weight = "" if coefficient == "1" else f"{_within(term.coefficient, _UNARY)} * "
            lines.append(f"    {term.name}: {weight}{_within(term.node, _PRODUCT)}")
    return "\n".join(lines)


def _within(node: ir.Node, level: int) -> str:
    """The text of a node, in brackets where it binds more loosely than ``level``."""
    text, own = _text(node)
    return f"({text})" if own < level else text


def _text(node: ir.Node) -> tuple[str, int]:
    """The text and how strongly it binds."""
    match node:
        case ir.Const(value):
            return f"{value:g}" if isinstance(value, float) else str(value), _UNARY if value < 0 else _ATOM
        case ir.Hyper(name) | ir.Data(name) | ir.Param(name):
            return name, _ATOM
        case ir.Index(axis):
            return axis.name, _ATOM
        case ir.Enumerated(_, axis):
            return axis.name, _ATOM
        case ir.Previous(site, time, _, _, lag):
            return f"{site}[{time.name}-{lag}]", _ATOM
        case ir.Draw(_, site, _, copy):
            return site + "'" * copy, _ATOM
        case ir.Permuted(value, _, _):
            return f"permuted({to_text(value)})", _ATOM
        case ir.NetCall(network, args):
            return f"{network}({', '.join(map(to_text, args))})", _ATOM
        case ir.Head(call, _, name):
            return to_text(call) + (f".{name}" if name else ""), _ATOM
        case ir.Law(label):
            return label, _ATOM
        case ir.LogProb(law):
            return f"log {law.label}", _UNARY
        case ir.Divergence(name, left, right):
            return f"{name}[{left.label} || {right.label}]", _ATOM
        case ir.Entropy(law):
            return f"H[{law.label}]", _ATOM
        case _:
            return _arithmetic(node)


def _arithmetic(node: ir.Node) -> tuple[str, int]:
    match node:
        case ir.Add(args):
            return _sum(args), _SUM
        case ir.Neg(body):
            return f"-{_within(body, _PRODUCT)}", _SUM
        case ir.Mul(args):
            return " * ".join(_within(arg, _UNARY) for arg in args), _PRODUCT
        case ir.Div(top, bottom):
            return f"{_within(top, _PRODUCT)} / {_within(bottom, _UNARY)}", _PRODUCT
        case ir.Pow(base, exponent):
            return f"{_within(base, _ATOM)}^{_within(exponent, _ATOM)}", _POWER
        case ir.Apply("exp", (ir.LogProb(law),)):
            return law.label, _ATOM
        case ir.Apply("log", (ir.Apply("exp", (ir.LogProb(law),)),)):
            return f"log {law.label}", _UNARY
        case ir.Apply(function, args):
            return f"{function}({', '.join(map(to_text, args))})", _ATOM
        case ir.Norm(body, order):
            return f"||{to_text(body)}||" + ("" if order == 2 else f"_{order:g}"), _ATOM
        case ir.Dot(left, right):
            return f"<{to_text(left)}, {to_text(right)}>", _ATOM
        case ir.Grad(body, wrt):
            return f"grad_{to_text(wrt)}[{to_text(body)}]", _ATOM
        case ir.StopGrad(body):
            return f"sg[{to_text(body)}]", _ATOM
        case ir.At(value, axis, index):
            return f"{_within(value, _ATOM)}[{axis.name}={to_text(index)}]", _ATOM
        case ir.Reduce(op, axis, body):
            return f"{op}_{axis.name}[{to_text(body)}]", _ATOM
    raise TypeError(f"no text for {type(node).__name__}")


def _sum(args: tuple[ir.Node, ...]) -> str:
    text = _within(args[0], _SUM)
    for arg in args[1:]:
        negative = isinstance(arg, ir.Neg)
        text += f" {'-' if negative else '+'} {_within(arg.body if isinstance(arg, ir.Neg) else arg, _PRODUCT)}"
    return text
