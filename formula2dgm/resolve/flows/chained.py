"""Variables that functions make of others, ``z = f_2(f_1(z_0))``, as chains, and the densities over a variable."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.flows.volumes import TRANSFORMED
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.resolve.statements.model import Drawn
from formula2dgm.resolve.values.functions import Step, steps_of
from formula2dgm.syntax import tree

#: The kind of a density that a change of variables makes.
KIND = TRANSFORMED


@dataclass(frozen=True, slots=True)
class Link:
    """One application of a function along a chain, with what it is given beside its first argument."""

    steps: tuple[Step, ...]
    given: tuple[tree.Node, ...]
    call: tree.Node


@dataclass(frozen=True, slots=True)
class Chain:
    """``f_2(f_1(u))``: the variable it starts from, and the links, the first applied first."""

    start: tree.Symbol
    links: tuple[Link, ...]


def chain_of(context: Context, body: tree.Node, inside: tuple[str, ...] = ()) -> Chain | None:
    """The chain of functions that an expression is, through definitions; None for anything else."""
    match body:
        case tree.Symbol():
            name = read_name(body, context.model.indices)
            definition = context.model.definitions.get(name.id)
            if definition is None or name.id in inside or definition.index:
                return Chain(body, ())
            return chain_of(context, definition.body, (*inside, name.id)) or Chain(body, ())
        case tree.Mul(factors=(*outer, tree.Call() as call)) if set(body.ops) == {"circ"}:
            head: tree.Node = tree.Mul((*outer, call.head), body.ops, span=body.span)
        case tree.Call() if body.args:
            head, call = body.head, body
        case _:
            return None
    if any(each.plain(head) is not None for each in context.averages if isinstance(head, tree.Symbol)):
        return None  # averaged weights: a network, and no change of variables
    steps = steps_of(context, head)
    inner = chain_of(context, call.args[0], inside) if steps is not None else None
    if steps is None or inner is None:
        return None
    return Chain(inner.start, (*inner.links, Link(steps, (*call.args[1:], *(call.given or ())), body)))


def is_noise(context: Context, name: Name, chain: Chain) -> bool:
    """By its letter the defined variable is noise, ``z = f(x)``, and nothing is said of how x is distributed."""
    start = read_name(chain.start, context.model.indices)
    said = start.id in context.model.drawn or bool(densities_over(context, start.id))
    return name.letter in NOISE_LETTERS and start.letter not in NOISE_LETTERS and not said


def follows_from_draw(context: Context, name: Name) -> bool:
    """Is the variable drawn, or made by functions of one that is?"""
    definition = context.model.definitions.get(name.id)
    chain = chain_of(context, definition.body) if definition is not None else None
    start = name if chain is None else read_name(chain.start, context.model.indices)
    return start.id in context.latent or name.id in context.latent


def is_transformed(density: Density) -> bool:
    """Is this density a change of variables?"""
    return density.declared is not None and density.declared.kind == KIND


def densities_over(context: Context, key: str) -> list[Density]:
    """The densities over one variable that are known without a change of variables."""
    return [each for each in context.densities.all.by("variables", frozenset((key,))) if not is_transformed(each)]


def density_calls(context: Context) -> Iterator[tree.Call]:
    for root in (*context.model.expressions(), *(each.body for each in context.model.densities)):
        for each in root.walk():
            if isinstance(each, tree.Call) and is_density_call(each):
                yield each


def is_over(context: Context, call: tree.Call, name: Name) -> bool:
    """Is this a density of the variable?"""
    if not is_density_call(call):
        return False
    return any(isinstance(each, tree.Symbol) and read_name(each, context.model.indices) == name for each in call.args)


def label_node(text: str, definition: Definition | Drawn) -> tree.Node:
    if text.isdigit():
        return tree.Number(text, span=definition.span)
    return tree.Symbol(text, span=definition.span)
