r"""Parameters of a conditional law that are written without what they depend on.

    q(z|x) = \mathcal{N}(z; \mu, \sigma^2 I)      \mu(x), \sigma(x)

Of a law that reads nothing of what its density is given, and whose first parameter is a name of which nothing is said,
this name and those of the other parameters are functions of what is given, wherever they stand. An index of theirs,
``\mu^{(i)}``, is that of the example ``x^{(i)}``. The weights of classes, ``\mathrm{Cat}(y; \pi)``, may be learned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import family_named, is_written_family
from formula2dgm.syntax import tree

#: The identity matrix, and the base of the exponential.
_CONSTANTS = frozenset("Ie")


def write_parameters_of_givens(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such parameters as functions, and what was decided; ``keys`` are what is bound."""
    bodies = [each.body for each in statements]
    said = {part for side in (*_said(bodies), *keys) for part in side.walk()}
    made: dict[tree.Symbol, tree.Call] = {}
    notes: list[Note] = []
    for density, given, law in _conditional(bodies):
        names = _names(law, said, {item for each in given if isinstance(each, tree.Symbol) for item in _indices(each)})
        if not names or not _reads_nothing(given, law):
            continue
        for each in names:
            plain = replace(each, sub=tuple(filter(_is_group, each.sub)), sup=())
            function = tree.Call(plain, given, span=each.span)
            if made.setdefault(each, function) != function:
                raise FormulaError(
                    Diagnostic(
                        "F2D-0641",
                        "error",
                        f"{each} would be {made[each]} by one law and {function} by another, of {density}",
                        each.span,
                        f"write what it depends on, {function}, or what it is: {each} = ...",
                    )
                )
            notes.append(Note(f"{each} is {function}: {density} reads nothing else that it is given", each.span))

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call) and node.head in made:
            return node
        if isinstance(node, tree.Symbol):
            return replace(made[node], span=node.span) if node in made else node
        return map_children(node, written)

    return [each.with_body(written(each.body)) for each in statements] if made else list(statements), notes


def _conditional(
    bodies: Sequence[tree.Node],
) -> Iterator[tuple[tree.Node, tuple[tree.Node, ...], tree.Call]]:
    """Densities that are given something and said to be a family, what they are given, and that."""
    for body in bodies:
        match body:
            case tree.Chain((tree.Call(given=(_, *_) as given) as density, tree.Call() as law), ("=" | ":=" | "~",)):
                known = is_density_call(density)
            case tree.Chain((tree.Relates(op="|", right=right) as density, tree.Call() as law), ("~",)):
                given, known = right.items if isinstance(right, tree.Tuple) else (right,), True
            case _:
                continue
        family = family_named(law) if known and is_written_family(law) else None
        if family is not None and family.name != "Categorical":
            yield density, given, law


def _reads_nothing(given: Sequence[tree.Node], law: tree.Call) -> bool:
    """Is it given variables alone, and does its law read none of them, and call no function of its own?"""
    variables = {each.letter for each in given if isinstance(each, tree.Symbol) and not _is_group(each)}
    parts = [each for part in law.params or law.given or law.args for each in _values(part)]
    reads = variables & {each.letter for each in parts if isinstance(each, tree.Symbol)}
    calls = any(isinstance(each, tree.Call) for each in parts)
    return all(isinstance(each, tree.Symbol) and not _is_group(each) for each in given) and not reads and not calls


def _names(law: tree.Call, said: Collection[tree.Node], indices: Collection[tree.Node]) -> list[tree.Symbol]:
    """The names of which nothing is said, one of each parameter, where the first parameter is one."""
    first, *others = law.params or law.given or law.args

    def is_open(name: tree.Node) -> bool:
        if not isinstance(name, tree.Symbol) or name.style or name.letter in _CONSTANTS or name in said:
            return False
        return all(_is_group(each) or each in indices for each in _indices(name))

    if not is_open(first):
        return []
    read = [[each for each in dict.fromkeys(_values(part)) if is_open(each)] for part in (first, *others)]
    return list(dict.fromkeys(each for names in read if len(names) == 1 for each in names))  # type: ignore[misc]


def _indices(name: tree.Symbol) -> tuple[tree.Node, ...]:
    return (*name.sub, *name.sup)


def _values(node: tree.Node) -> Iterator[tree.Node]:
    """The parts of an expression, and none of the scripts of its names."""
    yield node
    for each in () if isinstance(node, tree.Symbol) else node.children:
        yield from _values(each)


def _said(bodies: Sequence[tree.Node]) -> Iterator[tree.Node]:
    """What statements speak of, what densities are over and given, and what is bound by expectations and sums."""
    for body in bodies:
        if isinstance(body, tree.Chain) and not (isinstance(body.members[0], tree.Call) and body.members[0].given):
            yield body.members[0]
        for node in body.walk():
            match node:
                case tree.Call(args=args, given=given) if is_density_call(node):
                    yield from (*args, *(given or ()))
                case tree.Expect(binders=binders) | tree.Big(binders=binders):
                    yield from binders
                case tree.Draws(names=names):
                    yield from names


def _is_group(node: tree.Node) -> bool:
    """A Greek letter of parameters."""
    return isinstance(node, tree.Symbol) and node.letter in GREEK_GROUPS
