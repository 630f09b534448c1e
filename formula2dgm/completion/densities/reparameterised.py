r"""The law of a value that the text makes of noise: ``z = \mu(x) + \sigma(x) \epsilon`` says what ``q(z|x)`` is.

Where the text compares or draws from ``q(z|x)`` and says nothing else of it, a default would be another density than
that of the z that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import POSTERIOR_LETTERS
from formula2dgm.syntax import parse_one, tree

_NOISE = ("epsilon", "varepsilon", "eps", "xi")
_NORMAL = ("N", "Normal")


def write_laws_of_values(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these laws, and what was decided; ``keys`` are what is bound."""
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    nodes = [node for each in statements for node in each.body.walk()]
    made: list[tree.Statement] = []
    notes: list[Note] = []
    for chain in chains:
        found = _parts(chain)
        if found is None or not _is_standard(found[1], nodes):
            continue
        value, (mean, _, scale) = chain.members[0], found
        assert isinstance(value, tree.Symbol)
        calls = [each for each in nodes if isinstance(each, tree.Call) and _is_of(each, value)]
        said = [each.members[0] for each in chains if each.relations[0] in ("=", ":=", "~")]
        declared = {_key(each) for each in (*said, *keys) if isinstance(each, tree.Call)}
        for call in {_key(each): each for each in calls}.values():
            read = {each for part in (mean, *scale) for each in _given(part)}
            if _key(call) in declared or not read <= set(call.given or ()):
                continue
            width = " ".join(rf"({each.latex()})" for each in scale) or "1"
            law = rf"{call.latex()} = \mathcal{{N}}({call.args[0].latex()}; {mean.latex()}, ({width})^2 I)"
            made.append(tree.Statement(parse_one(law), span=chain.span))
            notes.append(Note(f"{call} is the law of {chain}", chain.span))
    return [*statements, *made], notes


def _parts(chain: tree.Chain) -> tuple[tree.Node, tree.Symbol, list[tree.Node]] | None:
    """The mean, the noise, and what it is multiplied by, of ``z = m + s \\epsilon``; None of any other statement."""
    left, body = chain.members[0], chain.members[-1]
    if chain.relations[0] not in ("=", ":=") or not isinstance(left, tree.Symbol) or left.sub or left.sup:
        return None
    if not isinstance(body, tree.Add) or len(body.terms) != 2 or any(isinstance(each, tree.Neg) for each in body.terms):
        return None
    for mean, other in (body.terms, body.terms[::-1]):
        factors = list(_factors(other))
        noise = [each for each in factors if isinstance(each, tree.Symbol) and each.letter in _NOISE]
        called = mean.head if isinstance(mean, tree.Call) else mean
        if (
            len(noise) == 1
            and isinstance(called, tree.Symbol)
            and (isinstance(mean, tree.Call) or called.letter == "mu")
        ):
            return mean, noise[0], [each for each in factors if each is not noise[0]]
    return None


def _factors(node: tree.Node) -> Iterator[tree.Node]:
    if isinstance(node, tree.Mul):
        for each in node.factors:
            yield from _factors(each)
    else:
        yield node


def _is_standard(noise: tree.Symbol, nodes: Sequence[tree.Node]) -> bool:
    """Is noise drawn from a standard normal alone? So it is by its letter, where a bracket says no more than that."""
    laws: list[tree.Node] = []
    bare = any(isinstance(node, tree.Expect) and noise in node.binders for node in nodes)
    for node in nodes:
        match node:
            case tree.Draws(names=names, density=law) if noise in names:
                laws.append(law)
            case tree.Chain(members=(left, law), relations=("~",)) if left == noise:
                laws.append(law)
    return (bare or bool(laws)) and all(_is_standard_normal(each) for each in laws)


def _is_standard_normal(law: tree.Node) -> bool:
    match law:
        case tree.Call(head=tree.Symbol() as head, args=(mean, width), given=None, params=None):
            return plain(head) in _NORMAL and str(mean) == "0" and str(width) in ("I", "1")
    return False


def _is_of(call: tree.Call, value: tree.Symbol) -> bool:
    """``q(z|x)``, by its letter."""
    head = call.head
    is_posterior = isinstance(head, tree.Symbol) and head.letter in POSTERIOR_LETTERS
    return is_posterior and call.args == (value,) and bool(call.given)


def _key(call: tree.Call) -> tuple[object, ...]:
    return call.head, call.args, call.given


def _given(part: tree.Node) -> Iterator[tree.Node]:
    """What the networks in a part are given."""
    for node in part.walk():
        if isinstance(node, tree.Call):
            yield from node.args
