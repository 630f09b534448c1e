r"""Posteriors written by their family: ``E_{z \sim N(u, s^2)}[...] - KL[N(z|u, s^2) \| p(z)]``, u and s said nowhere.

What is drawn by such a law and compared with a prior is the posterior of z, and its parameters are the data's, by a
network: ``q(z|x)``. Where the expectation reads z nowhere, what is read at the data, ``\psi_{x_i}`` under a log, is the
probability of that category given z, ``p(x_i|z)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.written_families import is_family_at_value, is_written_family
from formula2dgm.syntax import tree

#: How many categories a value has by default, and how many values an example has is said elsewhere.
CATEGORIES = 16


@dataclass(frozen=True)
class _Found:
    """A draw of z by a family: the draw, the family at z, and the data that the text speaks of."""

    draw: tree.Draws
    variable: tree.Symbol
    data: tuple[tree.Node, ...]

    @property
    def posterior(self) -> tree.Call:
        span = self.draw.density.span
        return tree.Call(tree.Symbol("q", span=span), (self.variable,), self.data, span=span)


def write_unnamed_posteriors(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such laws as densities of the data, and what was decided; ``keys`` are what is bound."""
    nodes = [each for statement in statements for each in statement.body.walk()]
    if any(_is_of_q(each) for each in (*nodes, *keys)):
        return list(statements), []
    said = {*keys, *(each for statement in statements for each in _said(statement.body))}
    notes: list[Note] = []
    out: list[tree.Statement] = []
    for statement in statements:
        found = _found(statement.body, said)
        if found is None:
            out.append(statement)
            continue
        law, made = found.draw.density, found.posterior
        notes.append(Note(f"{law}, of which nothing is said, is {made}: a network of the data", law.span))
        body, added = _with_probabilities(_with_posterior(statement.body, found), found, said, notes)
        out += [statement.with_body(body), *added]
    return out, notes


def _is_of_q(node: tree.Node) -> bool:
    head = node.head if isinstance(node, tree.Call) else None
    return isinstance(head, tree.Symbol) and head.letter in POSTERIOR_LETTERS


def _said(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement says something of."""
    if isinstance(body, tree.Chain):
        yield from body.members[0].walk()


def _found(body: tree.Node, said: set[tree.Node]) -> _Found | None:
    """The one draw by a family of names that nothing speaks of, which a divergence compares with something else."""
    draws = [each for node in body.all(tree.Expect) for each in node.binders]
    data = _data(body)
    for draw in draws:
        match draw:
            case tree.Draws((tree.Symbol() as name,), tree.Call() as law) if is_written_family(law) and data:
                parameters = {each for part in law.args for each in part.all(tree.Symbol)}
                compared = any(
                    isinstance(each, tree.Divergence) and _is_law_of(each.left, name, law) for each in body.walk()
                )
                if compared and parameters and not parameters & (said | set(data)):
                    return _Found(draw, name, data)
    return None


def _is_law_of(node: tree.Node, variable: tree.Symbol, law: tree.Call) -> bool:
    """Is this the family at z: ``N(z|u, s^2)``, ``N(z; u, s^2)``, or without it, ``N(u, s^2)``?"""
    if node == law:
        return True
    if not isinstance(node, tree.Call) or not is_family_at_value(node):
        return False
    return node.head == law.head and node.args == (variable,) and (node.params or node.given) == law.args


def _data(body: tree.Node) -> tuple[tree.Node, ...]:
    """x of ``\\log p(x) \\ge ...``, with the data alone; nothing where the text says no such bound."""
    match body:
        case tree.Chain((tree.Prefix("log", tree.Call(args=args) as call, ()), *_), (">=", *_)) if is_density_call(
            call
        ):
            return args
    return ()


def _with_posterior(body: tree.Node, found: _Found) -> tree.Node:
    def written(node: tree.Node) -> tree.Node:
        if node == found.draw:
            return replace(found.draw, density=found.posterior)
        made = map_children(node, written)
        assert isinstance(found.draw.density, tree.Call)
        if isinstance(made, tree.Divergence) and _is_law_of(made.left, found.variable, found.draw.density):
            return replace(made, left=found.posterior)
        return made

    return written(body)


# -- categories ----------------------------------------------------------------------------------------


def _with_probabilities(
    body: tree.Node, found: _Found, said: set[tree.Node], notes: list[Note]
) -> tuple[tree.Node, list[tree.Statement]]:
    """The statement with ``\\psi_{x_i}`` under logs as the density of ``x_i``, and their spaces."""
    spaces: dict[tree.Symbol, tree.Statement] = {}

    def density(name: tree.Symbol, value: tree.Symbol) -> tree.Node:
        span = name.span
        made = tree.Call(tree.Symbol("p", span=span), (value,), (found.variable,), span=span)
        notes.append(Note(f"{name} is {made}: the probability of the category {value}", span))
        if value not in said and value not in spaces:
            ends = (tree.Number("1", span=span), tree.Ellipsis(span=span), tree.Number(str(CATEGORIES), span=span))
            space = tree.Chain((value, tree.SetOf(ends, span=span)), ("in",), span=span)
            spaces[value] = tree.Statement(space, span=span)
            notes.append(Note(f"{value} is one of {CATEGORIES} categories", span))
        return made

    def inside(node: tree.Node) -> tree.Node:
        match node:
            case tree.Prefix("log", tree.Symbol() as name, ()) if (value := _category(name, found, said)) is not None:
                return replace(node, operand=density(name, value))
            case tree.Func("log", (tree.Symbol() as name,), ()) if (value := _category(name, found, said)) is not None:
                return replace(node, args=(density(name, value),))
        return map_children(node, inside)

    def written(node: tree.Node) -> tree.Node:
        own = isinstance(node, tree.Expect) and any(
            isinstance(each, tree.Draws) and each.names == (found.variable,) for each in node.binders
        )
        if own and isinstance(node, tree.Expect) and not any(each == found.variable for each in node.body.walk()):
            return replace(node, body=inside(node.body))
        return map_children(node, written)

    made = written(body)
    return made, list(spaces.values())


def _category(name: tree.Symbol, found: _Found, said: set[tree.Node]) -> tree.Symbol | None:
    """``x_i`` of ``\\psi_{x_i}``, where x is the data and \\psi nothing that the text speaks of."""
    (value,) = name.sub if len(name.sub) == 1 else (None,)
    if not isinstance(value, tree.Symbol) or replace(name, sub=()) in said or name in said:
        return None
    letters = {each.letter for each in found.data if isinstance(each, tree.Symbol)}
    return value if value.letter in letters else None
