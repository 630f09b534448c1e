r"""Sums to n over the components of a latent: ``\sum_{i=1}^n KL[q(z_i|x) \| p(z_i)]`` beside ``E_{q(z|x)}[...]``.

A sum to n counts examples, unless what is read at its index is what densities are over alone, none of it data, and the
same approximation draws it whole: then ``z_i`` are the components of z, and n is how many z has. Where the components
are given less than the whole, ``q(z_i|x)`` beside ``q(z|x, y)``, as in a mean-field family, z is the product of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.spaces import read_space
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: What papers call both the number of examples and that of components.
SIZE = "n"


@dataclass(frozen=True, slots=True)
class _Components:
    """A sum over the components of a latent: the density of one, and that of the whole."""

    node: tree.Big
    latent: tree.Symbol
    part: tree.Call
    whole: tree.Call


def write_components(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], scaffold: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums over all components, and what was decided; ``keys`` are what is bound."""
    nodes = [node for each in statements for node in each.body.walk()]
    sums = [node for node in nodes if isinstance(node, tree.Big) and str(node.upper) == SIZE]
    calls = [node for node in nodes if isinstance(node, tree.Call) and is_density_call(node)]
    found = [made for each in sums if (made := _components(each, calls)) is not None]
    read = sum(plain(each) == SIZE for each in nodes) - len(sums)
    numbers = [number for each in statements if (number := _number(each.body)) is not None]
    heads = [*keys, *(each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))]
    found = [each for each in found if each.part.given == each.whole.given or each.whole not in heads]
    if not found or len(found) < len(sums) or read > len(numbers) or len({each.latent for each in found}) > 1:
        return list(statements), []
    first, notes = found[0], []
    index = _index(first.node)
    said = f"{_at(first.latent, index)} are the components of {first.latent}: {SIZE} is how many it has"
    notes.append(Note(said, first.node.span))
    fewer = first.part.given != first.whole.given
    if fewer:
        product = f"{first.whole} is the product of its components' {first.part}: it is given what these are given"
        notes.append(Note(product, first.part.span))

    def rebuild(node: tree.Node) -> tree.Node:
        if any(node is each.node for each in found):
            assert isinstance(node, tree.Big)
            node = replace(node, binders=(_index(node),), upper=None)
        if fewer and isinstance(node, tree.Call) and node == first.whole:
            return replace(node, given=first.part.given)
        return map_children(node, rebuild)

    out = [each.with_body(rebuild(each.body)) for each in statements if _number(each.body) is None]
    spaces = [space for each in statements if (space := _space(each.body, first.latent)) is not None]
    if numbers and spaces:
        _need_size(first, numbers[0], spaces[0])
    elif numbers and scaffold:
        span = first.node.span
        reals = tree.Power(tree.Symbol("R", style="bb", span=span), numbers[0], span=span)
        out.append(tree.Statement(tree.Chain((first.latent, reals), ("in",), span=span), span=span))
    return out, notes


def _space(body: tree.Node, latent: tree.Symbol) -> tree.Node | None:
    """The space that a statement says the latent is in."""
    own = isinstance(body, tree.Chain) and body.relations == ("in",) and body.members[0] == latent
    return body.members[1] if own and isinstance(body, tree.Chain) else None


def _need_size(sum_: _Components, number: tree.Node, written: tree.Node) -> None:
    """Refuse another number of components than the space says."""
    space = read_space(written)
    if space is not None and space.shape is not None and (str(prod(space.shape)) != str(number)):
        message = f"{SIZE} is {number}, and {sum_.latent} of {written} has {prod(space.shape)} components"
        hint = "leave one of the two out, or give both one size"
        raise FormulaError(Diagnostic("F2D-0584", "error", message, number.span, hint))


def _number(body: tree.Node) -> tree.Number | None:
    """5 of ``n = 5``."""
    match body:
        case tree.Chain(members=(left, tree.Number() as number), relations=("=" | ":=",)) if plain(left) == SIZE:
            return number
    return None


def _index(node: tree.Big) -> tree.Node:
    (item,) = node.binders
    return item.name if isinstance(item, tree.Binds) else item


def _at(latent: tree.Symbol, index: tree.Node) -> tree.Symbol:
    return replace(latent, sub=(*latent.sub, index))


def _components(node: tree.Big, calls: Sequence[tree.Call]) -> _Components | None:
    """What a sum to n says of components, where it says nothing of examples."""
    if node.op != "sum" or len(node.binders) != 1 or not isinstance(node.binders[0], tree.Binds):
        return None
    if str(node.binders[0].value) != "1":
        return None
    index = _index(node)
    inside = [each for each in node.body.all(tree.Call) if is_density_call(each)]
    carriers = [each for each in node.body.all(tree.Symbol) if index in (*each.sub, *each.sup)]
    slots = [each for call in inside for each in call.args if isinstance(each, tree.Symbol)]
    over = [each for each in slots if index in each.sub]
    if not carriers or len(over) != len(carriers) or len(set(over)) != 1 or set(carriers) != set(over):
        return None
    (component,) = set(over)
    latent = replace(component, sub=tuple(each for each in component.sub if each != index))
    parts = {each for each in inside if component in each.args and _is_approximation(each)}
    if len(parts) != 1:
        return None
    (part,) = parts
    wholes = {
        each for each in calls if each.head == part.head and each.args == (latent,) and each.params == part.params
    }
    if len(wholes) != 1:
        return None
    (whole,) = wholes
    if not set(part.given or ()) <= set(whole.given or ()) or any(
        _at(latent, index) in (each.given or ()) for each in calls
    ):
        return None
    return _Components(node, latent, part, whole)


def _is_approximation(call: tree.Call) -> bool:
    return isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS and bool(call.given)
