r"""Numbers below a network: ``D_\sigma(x + \sigma n)``, where sigma is drawn, is ``D(x + \sigma n, \sigma)``.

So it is for what is drawn from a law of one number, for a level of noise that an expectation is over, and for what a
statement says at such a number or at a time, ``\sigma_t = t``, ``\sigma(t) = t``. Not where a function of that name is
defined or bound, at any index too, ``\theta_s = 1 + s``, nor where the number is all that it reads: ``D_a(a)`` has a
label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.coefficients import SCALAR_LETTERS
from formula2dgm.reading.kinds import PARAMETER_LETTERS, VARIABLE_LETTERS
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import UNIFORM, whole_set
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.time_names import TIME_LETTERS
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters of the level of noise.
_LEVELS = frozenset(("sigma", "varsigma"))

#: Families of one number.
_OF_NUMBERS = frozenset(("LogNormal", "Exponential", "Exp", "Gamma", "Beta"))

#: Letters that are no numbers, or that number functions.
_OTHERS = PARAMETER_LETTERS | VARIABLE_LETTERS | INDEX_LETTERS - {"s", "t"}

#: Letters of coefficients, which multiply the bracket behind them.
_COEFFICIENTS = SCALAR_LETTERS | {"w", "c"}


def write_numbers(
    statements: Sequence[tree.Statement], keys: Collection[tree.Node] = ()
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such subscripts as arguments.

    >>> from formula2dgm.syntax import parse
    >>> str(write_numbers(parse(r"E_{x, \\sigma ~ U(0, 1)} ||D_\\sigma(x) - \\sigma x||^2")[0])[0][0])
    'E_{x, sigma ~ U(0, 1)} ||D(x, sigma) - sigma x||^2'
    """
    notes: list[Note] = []
    bodies = [each.body for each in statements]
    numbers = {name for body in bodies for each in body.walk() for name in _numbers(each)} - _OTHERS
    lefts = [each.members[0] for each in bodies if isinstance(each, tree.Chain) and each.relations[0] in ("=", ":=")]
    said = {each for each in lefts if _is_at(each, numbers | TIME_LETTERS)}
    defined = {each.head if isinstance(each, tree.Call) else each for each in lefts}
    defined |= {replace(each, sub=()) for each in lefts if isinstance(each, tree.Symbol) and len(each.sub) == 1}
    own = {*defined, *(each.head if isinstance(each, tree.Call) else each for each in keys)}

    def is_number(node: tree.Node) -> bool:
        return plain(node) in numbers or node in said

    calls = [each for body in bodies for each in body.all(tree.Call)]
    labelled = {each.head for each in calls if all(map(is_number, each.args))}

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol) or is_density_call(node):
            return node
        below = [each for each in node.head.sub if is_number(each)]
        bare = replace(node.head, sub=tuple(each for each in node.head.sub if each not in below))
        if not below or node.head in labelled | own or bare in defined or bare.letter in _COEFFICIENTS:
            return node
        made = replace(node, head=bare, args=(*node.args, *(each for each in below if each not in node.args)))
        notes.append(Note(f"{node} is {made}, one network for all {', '.join(map(str, below))}", node.span))
        return made

    return [each.with_body(written(each.body)) for each in statements], notes


def _numbers(node: tree.Node) -> Iterable[str]:
    """The names of single numbers that a node draws, and of levels of noise that an expectation is over."""
    match node:
        case tree.Draws(names=(name,), density=law) | tree.Chain(members=(name, law), relations=("~",)):
            drawn = plain(name)
            if drawn is not None and (drawn in _LEVELS or _is_of_numbers(law)):
                yield drawn
        case tree.Expect(binders=binders):
            alone = [each.args[0] if isinstance(each, tree.Call) and len(each.args) == 1 else each for each in binders]
            yield from _LEVELS & {plain(each) for each in alone}


def _is_of_numbers(law: tree.Node) -> bool:
    """Is it a law of one number: ``U(0, 1)``, ``LogNormal(0, 1)``?"""
    if not isinstance(law, tree.Call) or not isinstance(law.head, tree.Symbol) or law.given is not None:
        return False
    if law.head.letter in UNIFORM:
        return whole_set(law) is None and len(law.args) == 2
    return law.head.letter in _OF_NUMBERS


def _is_at(node: tree.Node, names: Collection[str]) -> bool:
    r"""Is it a value at one of these, ``\sigma_t`` or ``\sigma(t)``, by the letter of a level?"""
    match node:
        case tree.Symbol(letter=letter, sub=(below,)):
            return letter in _LEVELS and plain(below) in names
        case tree.Call(head=tree.Symbol(letter=letter, sub=()), args=(only,), given=None):
            return letter in _LEVELS and plain(only) in names
    return False
