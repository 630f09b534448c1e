"""Which of the variables that a function relates is data, and which follows from it.

``x = f(z)`` for data x says what z is, z = f^{-1}(x). A variable that is both defined and drawn,
``z = f(x), z \\sim N(0, I)``, is defined; what is said of its distribution is its density.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import DENSITY_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.flows.chained import (
    Chain,
    chain_of,
    densities_over,
    density_calls,
    is_noise,
    is_over,
    label_node,
)
from formula2dgm.resolve.scaffold.factors import scaffold_factors
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.resolve.statements.model import Declared, Drawn
from formula2dgm.syntax import tree


def settle_directions(context: Context) -> None:
    """Which of the variables that a function relates is data, and which follows from it.

    ``x = f(z)`` for data x says what z is: z = f^{-1}(x). A variable that is both defined and drawn,
    ``z = f(x), z \\sim N(0, I)``, is defined; what is said of its distribution is its density.
    """
    model = context.model
    for key, definition in list(model.definitions.items()):
        chain = chain_of(context, definition.body)
        if chain is None or not chain.links:
            continue
        if key in model.drawn:
            drawn = model.drawn.pop(key)
            declare_source(context, definition.name, drawn.density)
            _draw_start(context, drawn, chain)
        elif _is_data(context, definition) and not is_noise(context, definition.name, chain):
            del model.definitions[key]
            start = read_name(chain.start, model.indices)
            if start.id in model.drawn:
                source = model.drawn.pop(start.id).density
                declare_source(context, start, source)
                _make_source(context, start, source)
            model.definitions[start.id] = Definition(start, (), _turned(chain, definition), definition.span)


def _draw_start(context: Context, drawn: Drawn, chain: Chain) -> None:
    """``z_{1:K} \\sim q(z|x)`` for z = f(z_0): as many draws of z_0, from what a statement draws it from, or from the
    one density over it."""
    start = read_name(chain.start, context.model.indices)
    if is_written_family(drawn.density):
        return
    said = context.model.drawn.get(start.id)
    if said is not None:
        context.model.drawn[start.id] = replace(said, index=said.index or drawn.index)
        return
    over = densities_over(context, start.id)
    if len(over) == 1:
        signature = over[0].signature
        letter, *labels = (*signature.head.split("_"), *signature.group)
        items = tuple(label_node(each, drawn) for each in labels)
        head = tree.Symbol(letter, (), items, (), "", span=drawn.span)
        given = signature.slots[len(signature.variables) :]
        density = tree.Call(head, (chain.start,), given or None, span=drawn.span)
        context.model.drawn[start.id] = Drawn(start, drawn.index, density, drawn.span)
    elif context.options.scaffold and not over and isinstance(drawn.density, tree.Call):
        source = replace(drawn.density, args=(chain.start,))
        context.model.drawn[start.id] = Drawn(start, drawn.index, source, drawn.span)


def _turned(chain: Chain, definition: Definition) -> tree.Node:
    """``f^{-1}(x; y)`` of ``x = f(z; y)``."""
    name = definition.name
    body: tree.Node = tree.Symbol(
        name.letter,
        name.accents,
        tuple(label_node(each, definition) for each in name.labels),
        (),
        name.style,
        span=definition.span,
    )
    for link in reversed(chain.links):
        for step in reversed(link.steps):
            head: tree.Node = step.symbol
            if not step.inverted:
                minus = tree.Neg(tree.Number("1", span=head.span), span=head.span)
                head = tree.Power(head, minus, span=head.span)
            body = tree.Call(head, (body, *link.given), span=link.call.span)
    return body


def declare_source(context: Context, name: Name, density: tree.Node) -> None:
    """``z ~ N(0, I)`` as the declaration of the density over z, if nothing else says what it is."""
    if not isinstance(density, tree.Call) or not is_written_family(density) or densities_over(context, name.id):
        return
    heads = [each.head for each in density_calls(context) if is_over(context, each, name)]
    letter = next((each for each in heads if isinstance(each, tree.Symbol)), None)
    head = read_name(letter, context.model.indices, head=True).id if letter is not None else "p"
    slot = tree.Symbol(name.letter, name.accents, (), (), name.style, span=density.span)
    signature = Signature(head, (), (name,), (), (slot,))
    context.densities.all.append(Density(signature, None, Declared(signature, "family", density, density.span)))


def _make_source(context: Context, name: Name, density: tree.Node) -> None:
    """``z ~ p_{prior}``, ``z ~ p_{prior}(z)``, of which nothing else is said: its default is a density over z, too."""
    if isinstance(density, tree.Symbol) and density.letter in DENSITY_LETTERS:
        slot = tree.Symbol(name.letter, name.accents, (), (), name.style, span=density.span)
        density = tree.Call(density, (slot,), span=density.span)
    if not isinstance(density, tree.Call) or density.given is not None or densities_over(context, name.id):
        return
    if is_written_family(density) or not is_density_call(density):
        return
    if context.options.scaffold:
        signature = read_signature(density, context.model.indices, context.model.parameters)
        context.densities.all += scaffold_factors(context, signature) or []


def _is_data(context: Context, definition: Definition) -> bool:
    """Does the defined variable stand only where its own, otherwise unknown density is taken, or is it inverted?"""
    name = definition.name
    found = False
    for root in (*_members(context), *(each.body for each in context.model.densities)):
        for kind in _places(context, root, name):
            if kind == "other":
                return False
            found = found or kind == "density"
    declared = [each for each in context.model.densities if each.kind == "expression"]
    found = found or any(each.signature.ids[0] == {name.id} for each in declared)
    return found and name.id not in context.model.drawn


def _members(context: Context) -> Iterator[tree.Node]:
    for wanted in context.model.objectives:
        yield from wanted.members


def _places(context: Context, node: tree.Node, name: Name) -> Iterator[str]:
    """How a variable is used in a tree: ``density``, ``neutral`` or ``other``."""
    match node:
        case tree.Symbol():
            if read_name(node, context.model.indices) == name:
                yield "other"
            for each in (*node.sub, *node.sup):
                yield from _places(context, each, name)
            return
        case tree.Expect(binders=binders, body=body):
            for each in binders:
                yield from _bound_places(context, each, name)
            yield from _places(context, body, name)
            return
        case tree.Divergence():
            for each in node.walk():
                if isinstance(each, tree.Symbol) and read_name(each, context.model.indices) == name:
                    yield "other"
            return
        case tree.Call() if is_over(context, node, name) and len(node.args) == 1:
            signature = read_signature(node, context.model.indices, context.model.parameters)
            known = [
                each
                for each in context.densities.all
                if each.signature.ids == signature.ids or each.signature.bases == signature.bases
            ]
            expressed = [each for each in known if each.declared and each.declared.kind == "expression"]
            yield "density" if len(known) == len(expressed) else "other"
            return
        case tree.Call(head=tree.Power(), args=(tree.Symbol() as symbol, *rest)) if (
            read_name(symbol, context.model.indices) == name
        ):
            yield "neutral"
            for each in rest:
                yield from _places(context, each, name)
            return
        case tree.Prefix(name="jac" | "grad", operand=inside) | tree.Func(name="jac" | "grad", args=(inside,)):
            if not isinstance(inside, tree.Symbol):
                yield from _places(context, inside, name)
            return
    for each in node.children:
        yield from _places(context, each, name)


def _bound_places(context: Context, binder: tree.Node, name: Name) -> Iterator[str]:
    """A data source may bind the variable; its own density draws it."""
    if isinstance(binder, tree.Call) and is_over(context, binder, name):
        data = isinstance(binder.head, tree.Symbol) and bool(
            {"data", "D", "calD"} & {binder.head.letter, *read_name(binder.head, context.model.indices).labels}
        )
        yield "neutral" if data else "other"
    elif isinstance(binder, tree.Draws):
        yield "neutral"
    else:
        yield from (() if isinstance(binder, tree.Symbol) else _places(context, binder, name))
