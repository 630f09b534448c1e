"""Which values meet, and so have one event shape, read off the syntax before anything has a value.

Terms of one sum or norm meet (``x - f(z)``, ``mu(x) + sigma(x) * epsilon``), a variable and what is put in for it
(``z = mu(x)``), a draw and its location (``y ~ N(x, sigma^2 I)``), a definition and its body; and what a network is
applied to at one place (``D(x)``, ``D(G(z))``); and the steps of a noise process (``x_t``, ``x_0``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal

from formula2dgm.completion.densities.codes import Code
from formula2dgm.completion.flows.symbols import FlowMap
from formula2dgm.reading.bilinear import derivative_between, derived_by
from formula2dgm.reading.kinds import location, scales
from formula2dgm.reading.names import read_name
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.values.called import values_of_arguments
from formula2dgm.syntax import tree

#: Letters of scalars that stand as factors beside values: times, noise levels, coefficients.
SCALARS = frozenset("t s alpha beta gamma delta eta kappa lambda omega rho sigma tau zeta".split())


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A value that has a shape: a variable, what a network returns, or what it takes at a position."""

    kind: Literal["variable", "result", "argument"]
    name: str
    position: int = 0


def _is_scalar(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter in SCALARS


class Meetings:
    """The values of a model that meet, in groups; ``entrywise`` says which calls have the shape of their argument."""

    def __init__(
        self,
        model: Model,
        known: frozenset[str],
        invertible: frozenset[str] = frozenset(),
        processes: frozenset[str] = frozenset(),
        entrywise: Callable[[tree.Call], bool] = lambda call: False,
    ):
        self.model = model
        self.invertible = invertible
        self.processes = processes
        self.entrywise = entrywise
        self.known = known | self._steps_of(known)
        self._sorted: dict[frozenset[Part], list[Part]] = {}

    def _steps_of(self, known: frozenset[str]) -> set[str]:
        """Definitions that are steps of known variables: ``z_0 = E(x)`` beside ``z_t``."""
        letters = {name.rpartition("_")[0] for name in known} - {""}
        named = {each.name.id for each in self.model.definitions.values()}
        return {name for name in named - known if name.rpartition("_")[0] in letters - SCALARS}

    def beside(self, part: Part) -> tuple[Part, ...]:
        """All that has the shape of a part, the part first."""
        group = self._groups.get(part, frozenset((part,)))
        if group not in self._sorted:
            self._sorted[group] = sorted(group)
        return (part, *(each for each in self._sorted[group] if each != part))

    @cached_property
    def _groups(self) -> dict[Part, frozenset[Part]]:
        groups: dict[Part, frozenset[Part]] = {}
        for together in self._edges():
            parts = list(together)
            joined = frozenset(parts).union(*(groups.get(each, frozenset()) for each in parts))
            groups |= dict.fromkeys(joined, joined)
        return groups

    def _edges(self) -> Iterator[list[Part]]:
        for name in sorted(self.invertible):
            yield [Part("result", name), Part("argument", name)]
        for letter in sorted(self.processes):
            nodes = (each for root in self.model.expressions() for each in root.walk())
            steps = [each for each in nodes if isinstance(each, tree.Symbol) and letter_of(each) == letter]
            yield [part for each in steps for part in self._variable(each)]
        for argument, value in values_of_arguments(self.model):
            yield [Part("variable", argument), Part("variable", value)]
        for key, definition in self.model.definitions.items():
            name = definition.name.id if definition.at_one_step else key
            if name in self.known:
                yield [Part("variable", name), *self._parts(definition.body)]
        for declared in self.model.densities:
            if declared.kind == "family":
                written = [name.id for name in declared.signature.variables if name]
                yield [
                    *(Part("variable", name) for name in written if name in self.known),
                    *self._around(declared.body),
                ]
        for key, drawn in self.model.drawn.items():
            own = [Part("variable", each) for each in (key, drawn.of) if each is not None and each in self.known]
            yield [*own, *self._around(drawn.density)]
        for node in (each for root in self.model.expressions() for each in root.walk()):
            match node:
                case tree.Draws(names=names, density=density):
                    own = [each for name in names if isinstance(name, tree.Symbol) for each in self._variable(name)]
                    yield [*own, *self._around(density)]
                case tree.Func("tr", (tree.Prefix("grad" | "jac", operand, (by,)),)) | tree.Prefix(
                    "div", operand, (by,)
                ):
                    yield [*self._parts(operand), *self._parts(by)]
                case tree.Add() | tree.Norm():
                    yield list(self._parts(node.body if isinstance(node, tree.Norm) else node))
                case tree.Mul() if (between := derivative_between(node)) and [*self._parts(between.right)]:
                    made = () if between.name == "hess" else (between.operand,)
                    meeting = (between.left, *made, *between.by, between.right)
                    yield [part for each in meeting for part in self._parts(each)]
                case tree.Mul(factors=(derivative, *others)) if (point := derived_by(derivative)) is not None:
                    vectors = (parts for each in others if (parts := [*self._parts(each)]))
                    yield [*self._parts(point), *next(vectors, ())]
                case tree.Mul(factors=factors):
                    for left, right in zip(factors, factors[1:], strict=False):
                        if isinstance(left, tree.Power) and str(left.exponent) in ("T", "top"):
                            yield [*self._parts(left.base), *self._parts(right)]
                case tree.Binds(name=tree.Symbol() as symbol, value=bound):
                    yield [*self._variable(symbol), *self._parts(bound)]
                case FlowMap(right=right):
                    name = read_name(node, self.model.indices, head=True).full
                    yield [Part("result", name), Part("argument", name), *self._parts(right)]
                case tree.Call() if (head := self._network(node)) is not None:
                    for position, each in enumerate(node.args):
                        yield [Part("argument", head, position), *self._parts(each)]

    def _parts(self, node: tree.Node) -> Iterator[Part]:
        """The values whose shape an expression has: its summands, and of a product the factors that are no scalars."""
        match node:
            case tree.Add(terms=terms):
                for each in terms:
                    yield from self._parts(self._unfolded(each))
            case tree.Mul(factors=factors) if (moved := self._moved(factors)) is not None:
                yield from self._parts(moved)
            case tree.Mul(factors=factors):
                for each in factors:
                    if not (isinstance(each, tree.Symbol) and each.letter in SCALARS):
                        yield from self._parts(each)
            case tree.Neg(body=body) | tree.Labelled(body=body) | tree.Div(numerator=body):
                yield from self._parts(self._unfolded(body))
            case tree.Func("sg", (body,)):
                yield from self._parts(self._unfolded(body))
            case tree.Prefix("jac", operand, (tree.Symbol(letter),)) | tree.Func(
                "jac", (operand,), (tree.Symbol(letter),)
            ) if letter in SCALARS:
                yield from self._parts(operand)
            case tree.Prefix(name="grad" | "jac", sub=(by,)) | tree.Func(name="grad" | "jac", sub=(by,)):
                yield from self._parts(by)
            case Code(row=row):
                yield from self._variable(row)
            case tree.Symbol():
                yield from self._variable(node)
            case tree.Call(args=(argument,)) if self.entrywise(node):
                yield from self._parts(argument)
            case tree.Call() if (head := self._network(node)) is not None:
                yield Part("result", head)

    def _around(self, law: tree.Node) -> Iterator[Part]:
        """The values whose shape a draw has: those of its location, and networks of data that are its scale."""
        if (around := location(law)) is not None:
            yield from self._parts(self._unfolded(around))
            for scale in scales(law):
                inside = self._unfolded(scale)
                if isinstance(inside, tree.Call) and not all(_is_scalar(each) for each in inside.args):
                    yield from self._parts(inside)

    def _unfolded(self, node: tree.Node) -> tree.Node:
        """A symbol that is no variable as what the text defines it to be, by variables alone."""
        if not isinstance(node, tree.Symbol) or [*self._variable(node)]:
            return node
        defined = {each.name.id: each.body for each in self.model.definitions.values()}
        body = defined.get(read_name(node, self.model.indices).id, node)
        symbols = (each for each in body.all(tree.Symbol) if not [*self._variable(each)])
        return node if any(read_name(each, self.model.indices).id in defined for each in symbols) else body

    def _moved(self, factors: Sequence[tree.Node]) -> tree.Node | None:
        """``s(x)`` of ``\\frac{\\partial s(x)}{\\partial x} v``: beside a vector the derivative has the shape of s."""
        derivatives = [each for each in factors if derived_by(each) is not None]
        others = [part for each in factors if each not in derivatives for part in self._parts(each)]
        if len(derivatives) != 1 or not others:
            return None
        (found,) = derivatives
        return found.operand if isinstance(found, tree.Prefix) else next(iter(found.children))

    def _variable(self, symbol: tree.Symbol) -> Iterable[Part]:
        name = read_name(symbol, self.model.indices).id
        return (Part("variable", name),) if name in self.known else ()

    def _network(self, call: tree.Call) -> str | None:
        head = call.head.base if isinstance(call.head, tree.Power) else call.head
        if not isinstance(head, tree.Symbol) or is_density_call(call) or self.entrywise(call):
            return None
        return read_name(head, self.model.indices, head=True).full
