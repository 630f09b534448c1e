r"""Laws of values that the text makes of noise: q(z|x) beside ``z = \mu(x) + \sigma(x) \odot \epsilon``.

A posterior in a divergence that nothing draws from, declares or binds is the law of the value that stands for its
variable, N(z; mu(x), sigma(x)^2). A default of its own would be another posterior than the one that z is drawn from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def write_moved_noise(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what such posteriors are, and what was decided; ``keys`` are what is bound."""
    nodes = [node for each in statements for node in each.body.walk()]
    noise = {name for node in nodes for name in _noise(node)}
    values = {name: parts for node in nodes for name, value in _values(node) if (parts := _moved(value, noise))}
    known = [*keys, *_declared(nodes), *_drawn(nodes)]
    made: dict[tree.Node, tree.Statement] = {}
    notes: list[Note] = []
    for gap in (node for node in nodes if isinstance(node, tree.Divergence)):
        law = gap.left
        if not isinstance(law, tree.Call) or not _is_posterior(law) or law.args[0] not in values or law in made:
            continue
        loc, scale = values[law.args[0]]
        given = {*(law.given or ()), *(law.params or ())}
        if any(_is_same(each, law) for each in known) or not set(_arguments(loc, scale)) <= given:
            continue
        squared = tree.Power(scale, tree.Number("2", span=scale.span), span=scale.span)
        normal = tree.Call(tree.Symbol("N", span=law.span), law.args, None, (loc, squared), span=law.span)
        made[law] = tree.Statement(tree.Chain((law, normal), ("=",), span=law.span), span=law.span)
        notes.append(Note(f"{law} is {normal}: the law of what stands for {law.args[0]}", law.span))
    return [*statements, *made.values()], notes


def _noise(node: tree.Node) -> Iterator[tree.Node]:
    """What is standard normal noise: epsilon of ``\\epsilon \\sim N(0, I)``."""
    match node:
        case tree.Draws(names=names, density=tree.Call() as law):
            yield from names if _is_standard(law) else ()
        case tree.Chain(members=(tree.Symbol() as name, tree.Call() as law), relations=("~",)) if _is_standard(law):
            yield name


def _is_standard(law: tree.Call) -> bool:
    return is_written_family(law) and str(law.head) in ("N", "calN", "Normal") and [*map(str, law.args)] in _STANDARD


_STANDARD = [["0", "I"], ["0", "1"]]


def _values(node: tree.Node) -> Iterator[tuple[tree.Node, tree.Node]]:
    """What the text puts in for a variable, ``p(x|z=...)``, or says that it is."""
    match node:
        case tree.Call(given=given):
            yield from ((each.name, each.value) for each in given or () if isinstance(each, tree.Binds))
        case tree.Chain(members=(tree.Symbol() as name, value), relations=("=",) | (":=",)):
            yield name, value


def _moved(value: tree.Node, noise: set[tree.Node]) -> tuple[tree.Node, tree.Node] | None:
    """The location and the scale of ``\\mu(x) + \\sigma(x) \\odot \\epsilon``; None for any other value."""
    match value:
        case tree.Add((loc, tree.Mul((scale, drawn), _))) | tree.Add((tree.Mul((scale, drawn), _), loc)):
            pass
        case _:
            return None
    if drawn not in noise:
        scale, drawn = drawn, scale
    head = scale.head if isinstance(scale, tree.Call) else scale
    matrix = isinstance(head, tree.Symbol) and (head.letter[0].isupper() or head.style == "bf")
    inside = {each for part in (loc, scale) for each in part.walk()}
    return None if drawn not in noise or matrix or inside & noise else (loc, scale)


def _arguments(*parts: tree.Node) -> Iterator[tree.Node]:
    """The values and parameters that the networks of a location and a scale are applied to."""
    for call in (node for part in parts for node in part.walk() if isinstance(node, tree.Call)):
        yield from (*call.args, *(call.params or ()))


def _declared(nodes: Sequence[tree.Node]) -> Iterator[tree.Node]:
    yield from (each.members[0] for each in nodes if isinstance(each, tree.Chain) and each.relations)


def _drawn(nodes: Sequence[tree.Node]) -> Iterator[tree.Node]:
    for node in nodes:
        if isinstance(node, tree.Expect):
            yield from (part for each in node.binders for part in each.walk())


def _is_posterior(call: tree.Call) -> bool:
    plain = [isinstance(each, tree.Symbol) and not (each.sub or each.sup) for each in call.args]
    letter = isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS
    return letter and is_density_call(call) and plain == [True] and bool(call.given)


def _is_same(known: tree.Node, law: tree.Call) -> bool:
    """By letter and variable, whatever parameters are written."""
    if not isinstance(known, tree.Call) or not isinstance(known.head, tree.Symbol) or known.args != law.args:
        return False
    return isinstance(law.head, tree.Symbol) and known.head.letter == law.head.letter
