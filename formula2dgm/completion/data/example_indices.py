r"""Which indices count the examples of a batch, where a text leaves a sum over them, or what it runs to, unwritten.

``-E[\log \frac{\exp f(x_i, y_i)}{\sum_j \exp f(x_i, y_j)}]`` reads y at two indices: j runs over the examples, and i is
the present one. Where a variable is read at the index of a sum and at another one in the same statement, both count
examples; so does j of ``\sum_j \exp f(x, y_j)`` beside ``f(x, y)``. A name that carries both, ``W_{ij}``, says that
they count entries; what is drawn at its indices, ``z_{1:K} ~ q(z|x)``, counts draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

from formula2dgm import registry
from formula2dgm.reading.kinds import binder_names, spelling
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.steps import steps_moved_along
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters that may count examples: a t or an s counts steps.
LETTERS = INDEX_LETTERS - {"s", "t"}
#: What papers call the size of a batch.
SIZES = ("N", "n", "M", "m", "B")
_DEFINES = frozenset(("=", ":="))


@dataclass(slots=True)
class Counted:
    """Indices of examples; ``sizes`` are what sums over them run to that is the number of examples by this alone."""

    names: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)


def counted_in(bodies: Sequence[tree.Node], keys: Sequence[tree.Node]) -> Counted:
    """The indices that count examples in the statements; ``keys`` are what is bound."""
    known = _drawn(bodies) | {without(each, "") for each in keys if isinstance(each, tree.Symbol)}
    told = {str(each.members[0]) for each in bodies if isinstance(each, tree.Chain)} | {str(each) for each in keys}
    defined = _defined_at_index(bodies)
    found = Counted()
    for body in filter(is_computed, bodies):
        _enter_pairs(body, known, told, defined, found)
        _enter_beside(body, told, found)
    found.names -= steps_moved_along(bodies)
    return found


def is_computed(body: tree.Node) -> bool:
    """Is the statement an objective or a definition, and no declaration of a density, a draw or a space?"""
    if not isinstance(body, tree.Chain):
        return True
    return body.relations[0] not in ("in", "~", "propto") and not is_density_call(body.members[0])


def index_of(node: tree.Node) -> str | None:
    """The only index that a variable is read at."""
    found = _indices(node) if isinstance(node, tree.Symbol) else []
    return found[0] if len(found) == 1 else None


def without(symbol: tree.Symbol, index: str) -> tree.Symbol:
    """The variable without the index."""
    sides = (tuple(each for each in side if plain(each) != index) for side in (symbol.sub, symbol.sup))
    return replace(symbol, sub=next(sides), sup=next(sides))


def _indices(symbol: tree.Symbol) -> list[str]:
    return [text for each in (*symbol.sub, *symbol.sup) if (text := plain(each)) in LETTERS and text]


# -- two indices of one variable -------------------------------------------------------------------------


def _enter_pairs(
    body: tree.Node, known: set[tree.Symbol], told: set[str], defined: set[tree.Symbol], found: Counted
) -> None:
    """Two indices of which a sum binds one, and at which one variable is read."""
    read = _read(body, defined)
    joint = [set(_indices(each)) for each in body.all(tree.Symbol)]
    summed = {(variable, index): upper for variable, index, upper in _summed(body, defined)}
    for variable, indices in read.items():
        for one, other in permutations(indices, 2):
            place = variable, one
            if variable in known or place not in summed or any({one, other} <= each for each in joint):
                continue
            upper = summed[place]
            if upper is None or upper in SIZES:
                found.names |= {one, other}
            elif upper.isalpha() and upper not in told and summed.get((variable, other)) == upper:
                found.names |= {one, other}
                found.sizes.add(upper)


def _read(node: tree.Node, defined: set[tree.Symbol]) -> dict[tree.Symbol, dict[str, None]]:
    """The variables that are read at one index, with these indices."""
    found: dict[tree.Symbol, dict[str, None]] = {}
    for symbol in _variables(node, defined):
        if (index := index_of(symbol)) is not None:
            found.setdefault(without(symbol, index), {})[index] = None
    return found


def _summed(body: tree.Node, defined: set[tree.Symbol]) -> Iterator[tuple[tree.Symbol, str, str | None]]:
    """The variables that sums read at their indices, with what these run to."""
    for big in body.all(tree.Big):
        uppers = dict(binder_names(big))
        for variable, indices in _read(big.body, defined).items():
            for index in indices.keys() & uppers.keys():
                upper = uppers[index]
                yield variable, index, None if upper is None else str(upper)


def _variables(body: tree.Node, defined: set[tree.Symbol]) -> Iterator[tree.Symbol]:
    """What stands where only a value of an example can: given to a network, under a norm, in an inner product, or
    defined at an index."""
    for node in body.walk():
        found: Sequence[tree.Node] = ()
        match node:
            case tree.Call() if registry.family_by_spelling(spelling(node.head)) is None:
                found = (*node.args, *(node.given or ()))
            case tree.Func(name="norm" | "dot" | "sim" | "cos" | "inner"):
                found = node.args
            case tree.Norm():
                found = tuple(node.body.walk())
            case tree.Mul(factors) if any(map(_is_transposed, factors)):
                found = tuple(each for factor in factors for each in (factor, *factor.children))
            case tree.Symbol() if (index := index_of(node)) is not None and without(node, index) in defined:
                found = (node,)
        yield from (each for each in found if isinstance(each, tree.Symbol))


def _is_transposed(node: tree.Node) -> bool:
    return isinstance(node, tree.Power) and plain(node.exponent) == "top"


def _defined_at_index(bodies: Sequence[tree.Node]) -> set[tree.Symbol]:
    """The variables that a statement computes at an index, ``z_i = f(x_i)``."""
    found: set[tree.Symbol] = set()
    for body in bodies:
        match body:
            case tree.Chain(members=(tree.Symbol() as left, *_, right), relations=(relation, *_)):
                called = any(isinstance(each, tree.Call) for each in right.walk())
                if relation in _DEFINES and called and (index := index_of(left)) is not None:
                    found.add(without(left, index))
    return found


# -- one index beside the present example ----------------------------------------------------------------


def _enter_beside(body: tree.Node, told: set[str], found: Counted) -> None:
    """The index of a sum in which a network is given x and y_j, where elsewhere it is given x and y."""
    calls = {each for each in body.all(tree.Call) if not is_density_call(each)}
    for big in body.all(tree.Big):
        for index, upper in binder_names(big):
            inside = [each for each in big.body.all(tree.Call) if each in calls]
            at = [each for each in inside if any(index_of(arg) == index for arg in each.args)]
            present = any(not each.sub and not each.sup for each in _variables(big.body, set()))
            size = "" if upper is None else str(upper)
            if at and present and size in ("", *SIZES) and size not in told:
                if all(_at_present(each, index) in calls for each in at):
                    found.names.add(index)
                    found.sizes |= {size} - {"", "B"}


def _at_present(call: tree.Call, index: str) -> tree.Call:
    args = (without(each, index) if isinstance(each, tree.Symbol) else each for each in call.args)
    return replace(call, args=tuple(args))


# -- what is drawn ---------------------------------------------------------------------------------------


def _drawn(bodies: Sequence[tree.Node]) -> set[tree.Symbol]:
    """The variables that are drawn from a density of the model's, or several times at once."""
    lefts = [each.members[0] for each in bodies if isinstance(each, tree.Chain)]
    declared = {each.head for each in lefts if isinstance(each, tree.Call) and is_density_call(each)}
    found: set[tree.Symbol] = set()
    for node in (each for body in bodies for each in body.walk()):
        match node:
            case tree.Draws(names=names, density=law) if _is_law(law, declared):
                found |= {_bare(each) for each in names if isinstance(each, tree.Symbol)}
            case tree.Chain(members=(tree.Symbol() as name, law), relations=("~",)) if _is_law(law, declared):
                found.add(_bare(name))
            case tree.Symbol() if any(isinstance(each, tree.Range) for each in (*node.sub, *node.sup)):
                found.add(_bare(node))
    return found


def _is_law(law: tree.Node, declared: set[tree.Node]) -> bool:
    """Is this a density of the model's, and not the distribution of the data?"""
    if not isinstance(law, tree.Call):
        return False
    return law.given is not None or law.head in declared or registry.family_by_spelling(spelling(law.head)) is not None


def _bare(symbol: tree.Symbol) -> tree.Symbol:
    def kept(side: tuple[tree.Node, ...]) -> tuple[tree.Node, ...]:
        return tuple(each for each in side if not isinstance(each, tree.Range) and plain(each) not in LETTERS)

    return replace(symbol, sub=kept(symbol.sub), sup=kept(symbol.sup))
