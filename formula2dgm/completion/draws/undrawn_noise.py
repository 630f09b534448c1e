r"""Noise that nothing draws: epsilon of ``\|f(x + \sigma \epsilon) - x\|^2`` and of ``x_t = (1-t) x_0 + t \epsilon``.

It is drawn from a standard normal where it is added to data, alone or times numbers, or times anything to a mean,
``\mu(x) + \sigma(x) \epsilon``, in what a function is given or a variable is made of. What something is divided by, a
bound and what an operator optimises are no noise; draws that a sum counts, ``\epsilon_l``, are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.processes.pathless import made_by
from formula2dgm.reading import Note
from formula2dgm.reading.coefficients import COEFFICIENT_LETTERS
from formula2dgm.reading.kinds import DATA_LETTERS
from formula2dgm.syntax import parse_one, tree

#: Letters that are noise beside data, and what times they are multiplied by.
_NOISE = ("epsilon", "varepsilon", "eps", "xi")
_NUMBERS = COEFFICIENT_LETTERS | {"t", "s", "a", "b"}
_DATA = DATA_LETTERS | {"z"}


def draw_noise(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these draws, and what was decided; ``keys`` are what is bound."""
    said = {each for statement in statements for each in made_by(statement.body)} | set(keys)
    said |= {each for statement in statements for each in _held(statement.body)}
    counted = {name for statement in statements for name in _counted(statement.body)}
    found: dict[tree.Symbol, tree.Symbol] = {}
    for statement in statements:
        for place in _places(statement.body):
            found |= {each: each for each in _added(place) if each not in said and not counted & {*each.sub, *each.sup}}
    made = list(statements)
    for name in found:
        body = parse_one(rf"{name.latex()} \sim \mathcal{{N}}(0, I)")
        made.append(tree.Statement(body, span=name.span))
    return made, [Note(f"{each} is noise: it is drawn from a standard normal", each.span) for each in found]


def _places(body: tree.Node) -> Iterator[tree.Node]:
    """What functions are given, and what variables are made of."""
    if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") and isinstance(body.members[0], tree.Symbol):
        yield from body.members[1:]
    for node in body.walk():
        if isinstance(node, tree.Call):
            yield from node.args


def _added(node: tree.Node) -> Iterator[tree.Symbol]:
    """The noise that is added to data, alone or times numbers; or, times anything, to what has the name of a mean."""
    if not isinstance(node, tree.Add):
        return
    factors = [list(_factors(each.body if isinstance(each, tree.Neg) else each)) for each in node.terms]
    around_mean = any(len(part) == 1 and _names_mean(part[0]) for part in factors)
    of_data = any(isinstance(each, tree.Symbol) and each.letter in _DATA for part in factors for each in part)
    for part in factors:
        noise = [each for each in part if isinstance(each, tree.Symbol) and each.letter in _NOISE and not each.accents]
        by_numbers = of_data and all(each in noise or _is_number(each) for each in part)
        if len(noise) == 1 and (by_numbers or around_mean):
            yield noise[0]


def _names_mean(node: tree.Node) -> bool:
    """``\\mu_\\phi(x)``, ``\\mu``."""
    head = node.head if isinstance(node, tree.Call) else node
    return isinstance(head, tree.Symbol) and head.letter == "mu"


def _factors(node: tree.Node) -> Iterator[tree.Node]:
    if isinstance(node, tree.Mul):
        for each in node.factors:
            yield from _factors(each)
    else:
        yield node


def _is_number(node: tree.Node) -> bool:
    symbols = list(node.all(tree.Symbol))
    return all(each.letter in _NUMBERS for each in symbols)


def _counted(body: tree.Node) -> Iterator[tree.Node]:
    """The indices of sums."""
    for node in body.walk():
        if isinstance(node, tree.Big):
            yield from (each.name if isinstance(each, tree.Binds) else each for each in node.binders)


def _held(body: tree.Node) -> Iterator[tree.Node]:
    """What something is divided by, what relations bound and operators optimise."""
    if isinstance(body, tree.Chain) and body.relations[0] not in ("=", ":="):
        yield from body.walk()
    for node in body.walk():
        match node:
            case tree.Div(denominator=below):
                yield from below.walk()
            case tree.Optimise(names=names):
                for each in names:
                    yield from each.walk()
            case tree.Relates():
                yield from node.walk()
