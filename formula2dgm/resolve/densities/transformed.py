"""Densities by a change of variables: ``x = f(z)`` with ``z \\sim p(z)`` makes p(x).

    log p(x) = log p(z) at z = f^{-1}(x), plus log|det ∂f^{-1}/∂x|

A variable that a function of a random one defines has such a density, and so has a variable of which a random one is
defined (``z = f(x)``). Where the value was made by the function itself, as the draw of a posterior that a flow refines,
nothing is inverted: its log-determinant is that of the same call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, slot_value
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.flows.chained import (
    KIND,
    Chain,
    chain_of,
    densities_over,
    density_calls,
    is_noise,
    is_over,
    is_transformed,
    label_node,
)
from formula2dgm.resolve.flows.directions import declare_source
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.resolve.values.functions import run, turned
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def transformed(context: Context, wanted: Signature, call: tree.Call) -> Density | None:
    """The density that a change of variables makes of another, entered among the known ones; None if none does."""
    if len(wanted.variables) != 1 or wanted.variables[0] is None:
        return None
    known, head = context.densities.all, wanted.head
    if known.by("ids", (head, wanted.ids)) or known.by("bases", (head, wanted.bases)):
        return None
    name = wanted.variables[0]
    definition = context.model.definitions.get(name.id)
    chain = chain_of(context, definition.body) if definition is not None else None
    if chain is None or not chain.links:
        chain = _backwards(context, wanted, name)
    elif is_noise(context, name, chain):
        return None
    if chain is None:
        return None
    start = read_name(chain.start, context.model.indices)
    if start.id in wanted.ids[1] or start.id in context.resolving or _is_law_of_data(context, wanted, start):
        return None
    source = _source(context, wanted, chain.start, start, call)
    if source is None:
        return None
    density = Density(wanted, None, Declared(wanted, KIND, source, call.span))
    context.densities.all.append(density)
    context.assume(
        f"{wanted.label} is {source} under the change of variables {_written(context, name, start)}", call.span
    )
    return density


def _is_law_of_data(context: Context, wanted: Signature, start: Name) -> bool:
    """``q(z)`` of ``z = e(x)`` for data x: draws and no density, unless somebody says what q(x) is."""
    if wanted.head.split("_")[0] not in POSTERIOR_LETTERS or wanted.given:
        return False
    drawn = start.id in context.latent or start.id in context.model.drawn
    known = any(each.signature.head.split("_")[0] in POSTERIOR_LETTERS for each in densities_over(context, start.id))
    return start.id in context.model.variables and not (drawn or known)


def _written(context: Context, name: Name, start: Name) -> str:
    for each in (name, start):
        definition = context.model.definitions.get(each.id)
        while definition is not None and isinstance(definition.body, tree.Symbol):
            definition = context.model.definitions.get(read_name(definition.body, context.model.indices).id)
        if definition is not None:
            return f"{definition.name.id} = {definition.body}"
    return f"from {start.id} to {name.id}"


def _backwards(context: Context, wanted: Signature, name: Name) -> Chain | None:
    """The inverse of ``z = f(x)`` for x, where a density over z is known."""
    for key, definition in context.model.definitions.items():
        chain = chain_of(context, definition.body)
        if chain is None or not chain.links or key in wanted.ids[1] or definition.index:
            continue
        known = densities_over(context, key) or [
            each for each in context.densities.all if each.signature.bases == ((definition.name.base,), ())
        ]
        if read_name(chain.start, context.model.indices).id == name.id and known:
            links = tuple(replace(each, steps=turned(each.steps)) for each in reversed(chain.links))
            own = definition.name
            labels = tuple(label_node(each, definition) for each in own.labels)
            symbol = tree.Symbol(own.letter, own.accents, labels, (), own.style, span=chain.start.span)
            return Chain(symbol, links)
    return None


def _source(context: Context, wanted: Signature, symbol: tree.Symbol, name: Name, call: tree.Call) -> tree.Node | None:
    """What the chain starts from, as a density: what a statement draws it from, or the density over it."""
    drawn = context.model.drawn.get(name.id)
    letter = wanted.head.split("_")[0]
    if drawn is not None and isinstance(drawn.density, tree.Call) and not is_written_family(drawn.density):
        return drawn.density if getattr(drawn.density.head, "letter", letter) == letter else None
    if (
        drawn is not None
        and letter not in POSTERIOR_LETTERS
        and _letters_over(context, wanted) & set(POSTERIOR_LETTERS)
    ):
        return None
    if drawn is not None:
        declare_source(context, name, drawn.density)
    over = densities_over(context, name.id) or [
        each for each in context.densities.all if each.signature.bases[0] == (name.base,) and not is_transformed(each)
    ]
    known = [each for each in over if not each.signature.ids[1] - _visible(context, wanted)]
    exact = [each for each in known if each.signature.ids[1] == wanted.ids[1]]
    own = [each for each in exact or known if each.signature.head.split("_")[0] == wanted.head.split("_")[0]]
    if name.id not in context.latent:
        own = own or [each for each in exact or known if not each.signature.given]
    found = own
    if found:
        signature = found[0].signature
        head = _head_symbol(signature, symbol)
        given = signature.slots[len(signature.variables) :]
        return tree.Call(head, (symbol,), given or None, span=call.span)
    if context.options.scaffold and drawn is None and not _is_mentioned(context, wanted, name):
        return None
    if context.options.scaffold:
        return replace(call, args=(symbol,))
    if known:
        return None
    raise context.refuse(
        "F2D-0302",
        f"{call} is a change of variables of {symbol}, and no density over {symbol} is known",
        call.span,
        f"say what it is drawn from, {symbol} ~ N(0, I), or bind p({symbol})",
    )


def _letters_over(context: Context, wanted: Signature) -> set[str]:
    """The letters of the densities over the wanted variable that the text mentions."""
    name = wanted.variables[0]
    assert name is not None
    return {str(each.head)[:1] for each in density_calls(context) if is_over(context, each, name)}


def _is_mentioned(context: Context, wanted: Signature, name: Name) -> bool:
    """Does the text speak of a density over the variable that the wanted one can be made of? It need not where nothing
    at all is said of that variable."""
    heads = [
        each.head
        for each in density_calls(context)
        if is_over(context, each, name) and len(each.args) == 1 and isinstance(each.head, tree.Symbol)
    ]
    if not heads:
        return name.id not in context.latent
    return any(each.letter == wanted.head.split("_")[0] for each in heads)


def _head_symbol(signature: Signature, at: tree.Symbol) -> tree.Symbol:
    """The letter of a density with its labels and groups."""
    letter, *labels = signature.head.split("_")
    items = [*labels, *signature.group]
    nodes = tuple(
        tree.Number(each, span=at.span) if each.isdigit() else tree.Symbol(each, span=at.span) for each in items
    )
    return tree.Symbol(letter, (), nodes, (), "", span=at.span)


def _visible(context: Context, wanted: Signature) -> frozenset[str]:
    """What the source may be given: all that the transformed density is given, and data."""
    return wanted.ids[1] | frozenset(context.model.variables - context.latent)


def log_transformed(evaluate: Evaluator, use: Use, scope: Scope) -> ir.Node:
    """The log-density of a change of variables at the values of its place of use."""
    context, declared = evaluate.context, use.density.declared
    assert declared is not None and isinstance(declared.body, tree.Call)
    chain = chain_of_density(context, use.density)
    signature = declared.signature
    slots = zip((*signature.variables, *signature.given), (*use.variables, *use.given), strict=True)
    values = {name.id: evaluate(slot_value(each), scope) for name, each in slots if name is not None}
    inner = scope.bind(values)
    name = signature.variables[0]
    assert name is not None
    value, log_dets = values[name.id], list[ir.Node]()
    start = read_name(chain.start, context.model.indices)
    with context.unfolding(use.density.label, declared.span):
        for link in reversed(chain.links):
            given = tuple(evaluate(each, inner) for each in link.given)
            value, more = run(context, turned(link.steps), value, given, link.call, evaluate, inner)
            assert len(more) == len(link.steps), "every step of a change of variables has a determinant"
            log_dets += more
        source = evaluate.log(declared.body, inner.bind({start.id: value}))
    parts = (*(source.args if isinstance(source, ir.Add) else (source,)), *log_dets)
    return context.arena.make(ir.Add, parts) if len(parts) > 1 else parts[0]


def chain_of_density(context: Context, density: Density) -> Chain:
    wanted = density.signature
    name = wanted.variables[0]
    assert name is not None
    definition = context.model.definitions.get(name.id)
    chain = chain_of(context, definition.body) if definition is not None else None
    if chain is None or not chain.links:
        chain = _backwards(context, wanted, name)
    assert chain is not None
    return chain


def refines_draw(context: Context, density: Density) -> bool:
    """Does its chain start from a variable that the text draws?"""
    return read_name(chain_of_density(context, density).start, context.model.indices).id in context.latent


def value_of_draw(context: Context, evaluate: Evaluate, density: Density, scope: Scope) -> ir.Node:
    """The variable's value, made of the draw of what its chain starts from, which ``scope`` binds."""
    chain = chain_of_density(context, density)
    value = evaluate(chain.start, scope)
    for link in chain.links:
        given = tuple(evaluate(each, scope) for each in link.given)
        value, _ = run(context, link.steps, value, given, link.call, evaluate, scope, scored=False)
    return value
