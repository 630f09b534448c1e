r"""Sums over the orbit of a draw, ``\sum_{k=0}^K \frac{w_k(z) p(x, T^k(z))}{q(T^k(z)|x)}`` under ``z \sim q(z|x)``.

``T^k`` is T applied k times. The weights have to make the expectation of the sum the integral, ``\int p(x, z) dz``.
Where nothing says what they are, each term is made to by its own change of variables, with equal shares:

w_k(z) = \frac{1}{K+1} \frac{q(T^k(z)|x)}{q(z|x)} |\det \frac{\partial T^k(z)}{\partial z}|
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import is_group, is_whole, stem_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree

#: How far an orbit goes where nothing says it.
LENGTH = 2
#: How far at most: each point has one prime more than the one before, as far as a name may have them.
MOST = 15


@dataclass(frozen=True)
class _Orbit:
    """A sum over k: T^k, the draw z, the weight w_k(z), the density q(T^k(z)|x) and the other factors."""

    big: tree.Big
    index: str
    function: tree.Symbol
    draw: tree.Symbol
    weight: tree.Node
    density: tree.Call
    factors: tuple[tree.Node, ...]

    @property
    def step(self) -> tree.Symbol:
        """T of ``T^k``."""
        return stem_of(self.function)

    def point(self, number: int) -> tree.Symbol:
        """The name of the draw after so many steps: z, z', z'': values of z, not other variables."""
        return replace(self.draw, accents=(*self.draw.accents, *("prime",) * number))

    def at(self, node: tree.Node, number: int) -> tree.Node:
        """A factor at a point of the orbit."""
        if isinstance(node, tree.Call) and _powers(node, self.index):
            return self.point(number)
        return map_children(node, lambda each: self.at(each, number))


def write_orbits(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], sizes: dict[str, int], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums term by term, and what was decided; ``keys`` are what is bound, ``sizes`` the whole
    numbers that are."""
    sums = [each for root in statements for each in root.body.all(tree.Big)]
    orbits = [found for each in sums if (found := _orbit(each)) is not None]
    if not orbits:
        return list(statements), []
    known = sizes | dict(found for each in statements for found in _size(each.body))
    said = {stem_of(each) for key in keys for each in key.all(tree.Symbol)}
    said |= {stem_of(each) for statement in statements for each in _defined(statement.body)}
    notes: list[Note] = []
    made: dict[int, tree.Node] = {}
    points: dict[tree.Node, tree.Node] = {}
    for orbit in orbits:
        _refuse_weights(orbit, said, defaults)
        orbit = orbit if stem_of(orbit.function) in said else _grouped(orbit, notes)
        length = _length(orbit, known, notes)
        if length > MOST:
            message = f"{orbit.step} would be applied {length} times, each written out: at most {MOST} are"
            raise FormulaError(Diagnostic("F2D-0661", "error", message, orbit.big.span, "write fewer applications"))
        made[id(orbit.big)] = _written(orbit, length, notes)
        _refuse_taken(orbit, length, statements)
        for number in range(1, length + 1):
            call = tree.Call(orbit.step, (orbit.point(number - 1),), span=orbit.big.span)
            points[orbit.point(number)] = call

    def written(node: tree.Node) -> tree.Node:
        if id(node) in made:
            return made[id(node)]
        changed = map_children(node, written)
        if isinstance(node, tree.Prefix | tree.Func) and node.name == "log" and changed is not node:
            return tree.Labelled(changed, str(node), span=node.span)  # the term keeps its name
        return changed

    added = [tree.Statement(tree.Chain(each, ("=",), span=each[1].span), span=each[1].span) for each in points.items()]
    unique = {each.text: each for each in notes}
    return [*(each.with_body(written(each.body)) for each in statements), *added], list(unique.values())


def _grouped(orbit: _Orbit, notes: list[Note]) -> _Orbit:
    """T has the parameters of the density that is drawn from, where it names none: both are learned alike."""
    head = orbit.density.head
    group = [each for each in head.sub if is_group(each)] if isinstance(head, tree.Symbol) else []
    if not group or any(is_group(each) for each in orbit.function.sub):
        return orbit
    made = replace(orbit.function, sub=(*orbit.function.sub, *group))
    notes.append(Note(f"{orbit.step} is learned as {stem_of(made)}, with the density that is drawn from", head.span))
    return replace(orbit, function=made)


def _written(orbit: _Orbit, length: int, notes: list[Note]) -> tree.Node:
    """The terms, with the weights that are assumed."""
    span, function = orbit.big.span, orbit.step
    start = replace(orbit.density, args=(orbit.draw,))
    jacobian = rf"|det jac_{orbit.draw} {orbit.function}({orbit.draw})|"
    share = f"1/{length + 1} {orbit.density} / {start} {jacobian}"
    notes.append(Note(f"{orbit.function} is {function} applied {orbit.index} times: at 0 the draw itself", span))
    notes.append(
        Note(f"{orbit.weight} is {share}, with which the expectation of the sum is the integral", orbit.weight.span)
    )
    terms: list[tree.Node] = []
    for number in range(length + 1):
        factors = [orbit.at(each, number) for each in orbit.factors]
        top = factors[0] if len(factors) == 1 else tree.Mul(tuple(factors), ("",) * (len(factors) - 1), span=span)
        ratio: tree.Node = tree.Div(top, start, span=span)
        volumes = [_volume(function, orbit.point(step)) for step in range(number)]
        if volumes:
            ratio = tree.Mul((ratio, *volumes), ("*",) * len(volumes), span=span)
        terms.append(placed(ratio, span))
    total = tree.Div(tree.Number("1", span=span), tree.Number(str(length + 1), span=span), span=span)
    return tree.Mul((total, tree.Add(tuple(terms), span=span)), ("*",), span=span)


def _volume(function: tree.Symbol, point: tree.Symbol) -> tree.Node:
    name = point.latex()
    return parse_one(rf"\left| \det \frac{{\partial {function.latex()}({name})}}{{\partial {name}}} \right|")


def _length(orbit: _Orbit, known: dict[str, int], notes: list[Note]) -> int:
    upper = orbit.big.upper
    assert upper is not None
    said = int(str(upper)) if is_whole(upper) else known.get(plain(upper) or "")
    if said is None:
        notes.append(Note(f"{upper} is {LENGTH}", upper.span))
    return LENGTH if said is None else said


def _refuse_weights(orbit: _Orbit, said: set[tree.Symbol], defaults: bool) -> None:
    head = orbit.weight.head if isinstance(orbit.weight, tree.Call) else orbit.weight
    assert isinstance(head, tree.Symbol)
    given = stem_of(head) in said
    if given or not defaults:
        what = "are given" if given else "are said nowhere"
        message = f"the weights {orbit.weight} of the points of an orbit {what}, and only those of a default are known"
        hint = "write the sum out: z_1 = T(z), and each term with its weight"
        raise FormulaError(Diagnostic("F2D-0568", "error", message, orbit.weight.span, hint))


def _refuse_taken(orbit: _Orbit, length: int, statements: Sequence[tree.Statement]) -> None:
    """The names of the points are no names of the text."""
    points = [orbit.point(number) for number in range(1, length + 1)]
    nodes = (each for statement in statements for each in statement.body.walk())
    taken = next((each for each in nodes if each in points), None)
    if taken is not None:
        message = f"{taken} is a name of the text, and one of a point of the orbit of {orbit.draw}"
        raise FormulaError(Diagnostic("F2D-0568", "error", message, taken.span, f"give {taken} another name"))


# -- what is written -----------------------------------------------------------------------------------


def _orbit(big: tree.Big) -> _Orbit | None:
    match big.binders:
        case (tree.Binds(tree.Symbol() as name, tree.Number("0")),) if big.op == "sum" and big.upper is not None:
            index = plain(name)
        case _:
            return None
    calls = [each for each in big.body.all(tree.Call) if index and _powers(each, index)]
    if index is None or not calls or any(each != calls[0] for each in calls):
        return None
    above, below = _quotient(big.body)
    weights = [each for each in above if _is_weight(each, index, calls[0])]
    others = tuple(each for each in above if each not in weights)
    (density,) = below if len(below) == 1 else (None,)
    draw, head = calls[0].args[0], calls[0].head
    if not isinstance(density, tree.Call) or density.args != (calls[0],) or density.given is None:
        return None
    if len(weights) != 1 or not others or not isinstance(draw, tree.Symbol) or not isinstance(head, tree.Symbol):
        return None
    if not is_density_call(tree.Call(density.head, (draw,), density.given, span=density.span)):
        return None
    return _Orbit(big, index, head, draw, weights[0], density, others)


def _powers(call: tree.Call, index: str) -> bool:
    """``T^k(z)``: a function with the index above it, of a name."""
    head = call.head.base if isinstance(call.head, tree.Power) else call.head
    script = call.head.exponent if isinstance(call.head, tree.Power) else None
    if not isinstance(head, tree.Symbol) or call.given is not None or len(call.args) != 1:
        return False
    above = (*head.sup, *((script,) if script is not None else ()))
    return len(above) == 1 and plain(above[0]) == index and isinstance(call.args[0], tree.Symbol)


def _is_weight(node: tree.Node, index: str, point: tree.Call) -> bool:
    """``w_k(z)``, ``w_k``: not at a point of the orbit."""
    head = node.head if isinstance(node, tree.Call) else node
    if not isinstance(head, tree.Symbol) or any(each == point for each in node.walk()):
        return False
    return any(plain(each) == index for each in (*head.sub, *head.sup))


def _quotient(node: tree.Node) -> tuple[list[tree.Node], list[tree.Node]]:
    """The factors above and below."""
    match node:
        case tree.Div(top, bottom):
            above, below = _quotient(top), _quotient(bottom)
            return [*above[0], *below[1]], [*above[1], *below[0]]
        case tree.Mul(factors):
            parts = [_quotient(each) for each in factors]
            return [each for above, _ in parts for each in above], [each for _, below in parts for each in below]
    return [node], []


def _size(body: tree.Node) -> Iterator[tuple[str, int]]:
    """``K = 3``."""
    match body:
        case tree.Chain((tree.Symbol() as name, value), ("=" | ":=",)) if is_whole(value) and plain(name):
            yield plain(name) or "", int(str(value))


def _defined(body: tree.Node) -> Iterator[tree.Symbol]:
    left = body.members[0] if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") else None
    head = left.head if isinstance(left, tree.Call) else left
    if isinstance(head, tree.Symbol):
        yield head
