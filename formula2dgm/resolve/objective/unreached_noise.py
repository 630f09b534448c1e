r"""Noise that a network is fitted to and never sees: ``\|\epsilon - f(x_t, t)\|^2`` where nothing says that ``x_t`` is
made of epsilon. The best answer to it is its mean, a constant: what was meant is a point that has the noise in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Nodes under which a square is still a summand of the objective, or a weighted one.
_LINEAR = (ir.Add, ir.Mul, ir.Neg, ir.Reduce)
#: What a law is made of that is the same whatever is learned, and for every example.
_LEARNED = (ir.Data, ir.Param, ir.NetCall)


def refuse_unreached_noise(context: Context, objectives: Sequence[Objective]) -> None:
    """An error where a squared difference compares a network with noise of a fixed law, or with data that have the name
    of noise, which no input of the network depends on."""
    for each in objectives:
        for square in _differences(term.node for term in each.terms):
            parts = list(_parts(square))
            nets = [part for part in parts if _calls(part)]
            target = list(walk(*(part for part in parts if not _calls(part)), below=_values))
            if not nets or any(isinstance(node, ir.Data) and not _names_noise(context, node) for node in target):
                continue
            seen = set(walk(*nets))
            for noise in target:
                if _is_noise(noise) and noise not in seen:
                    _refuse(context, noise, square)


def _refuse(context: Context, noise: ir.Node, square: ir.Node) -> None:
    name = noise.site if isinstance(noise, ir.Draw) else noise.name  # type: ignore[attr-defined]
    origins = (*context.arena.origins(square), *context.arena.origins(noise))
    context.found.error(
        "F2D-0593",
        f"a network is fitted to {name}, and nothing that it is given depends on {name}: it would learn a constant",
        origins[0].span if origins else None,
        rf"write what its input is made of: x_t = \sqrt{{\bar\alpha_t}} x_0 + \sqrt{{1 - \bar\alpha_t}} {name}, under "
        rf"E_{{t, x_0, {name}}}",
    )


def _differences(terms: Iterable[ir.Node]) -> Iterator[ir.Add]:
    """The differences whose squares the terms weigh and add; ``\\|z + b(y)\\|^2`` fits b to nothing."""
    ahead, seen = list(terms), set[ir.Node]()
    while ahead:
        node = ahead.pop()
        if node in seen:
            continue
        seen.add(node)
        match node:
            case ir.Pow(ir.Norm(ir.Add() as body, 2.0), ir.Const(2)) | ir.Pow(ir.Add() as body, ir.Const(2)):
                if any(isinstance(each, ir.Neg) for each in body.args):
                    yield body
            case ir.EventSum(body) | ir.Div(body):
                ahead.append(body)
            case _ if isinstance(node, _LINEAR):
                ahead += node.children


def _parts(node: ir.Node) -> Iterator[ir.Node]:
    if isinstance(node, ir.Add | ir.Neg):
        for each in node.children:
            yield from _parts(each)
    else:
        yield node


def _calls(node: ir.Node) -> bool:
    """Is this made of what a network returns? A draw is compared with others as a law is: it is fitted to no value."""
    below = walk(node, below=lambda each: () if isinstance(each, ir.Draw) else each.children)
    return any(isinstance(each, ir.NetCall) for each in below)


def _values(node: ir.Node) -> tuple[ir.Node, ...]:
    """What a target is made of; the density of a draw is a number that is no nearer to the draw."""
    return () if isinstance(node, ir.LogProb) else node.children


def _is_noise(node: ir.Node) -> bool:
    """Data here have the name of noise; a single number between two ends is a label that is made uncertain."""
    if isinstance(node, ir.Data):
        return True
    if not isinstance(node, ir.Draw) or any(isinstance(each, _LEARNED) for each in walk(node.law)):
        return False
    return node.event == "value" or node.law.family == "normal"


def _names_noise(context: Context, node: ir.Data) -> bool:
    made = context.inputs.get(node.name)
    symbols = [each for each in context.arena.origins(node) if isinstance(each, tree.Symbol)]
    letters = {read_name(each, context.model.indices, head=True).letter for each in symbols}
    return made is not None and letters <= NOISE_LETTERS - {"z", "u"} and bool(letters)
