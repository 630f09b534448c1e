"""Random expressions of networks' values: functions, powers, fractions, norms and products, with a value of their own.

The expected number is computed beside the text, node by node, so that a misread text shows, too: the reference
interpreter runs what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.support.random_models.networks import Net
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables

Values = Mapping[str, Tensor]


@dataclass
class Term:
    """A text, how tightly it binds (0: a sum, 1: a product, 2: a factor) and its value for each example."""

    text: str
    binds: int
    value: Callable[[Values], Tensor]

    def within(self, least: int) -> str:
        """In parentheses where it binds less than its place asks for."""
        return self.text if self.binds >= least else f"({self.text})"


def model(source: Source) -> Model:
    write, over = source.write, Variables(source)
    over.add("x")
    entries = source.whole(1, 3)
    for name in ("f", "g"):
        over.network(name, over.sizes["x"], None)
    for name in ("h", "k"):
        over.network(name, over.sizes["x"], entries)
    over.bindings["beta"] = source.number(0.2, 2)
    term = _number(source, over, source.whole(1, 3))
    if "(x)" not in term.text:
        term = _product(source, term, Term("f(x)", 2, lambda at: at["f"].squeeze(-1)))
    nets: dict[str, Net] = {name: over.bindings[name] for name in "fghk"}  # type: ignore[misc]

    def expected(networks: Mapping[str, Callable[[Tensor], Tensor]], data: Mapping[str, Tensor]) -> Tensor:
        values = {name: networks[name](data["x"]) for name in nets if name in networks}
        return term.value({**values, "x": data["x"]}).mean()

    head = write.expectation(["p_{data}(x)"], term.text) if source.chance(0.5) else term.text
    bare = head == term.text
    if bare and term.binds == 0 and source.chance(0.5):
        head = f"({term.text})"
    text = f"{source.choice(('', '-', '2 '))}{head if not bare or term.binds else f'({term.text})'}"
    factor = {"-": -1.0, "2": 2.0}.get(text[0], 1.0)
    return Model(
        text,
        over.bindings,
        {"maximize": False, "dims": over.data("x")},
        source.whole(1, 4),
        expected=lambda networks, data: factor * expected(networks, data),
    )


def _leaf(source: Source, over: Variables) -> Term:
    write = source.write
    beta = float(over.bindings["beta"])  # type: ignore[arg-type]
    number = source.choice(("2", "3", "0.5", "1.5"))
    return source.choice(
        (
            Term("f(x)", 2, lambda at: at["f"].squeeze(-1)),
            Term("g(x)", 2, lambda at: at["g"].squeeze(-1)),
            Term(write.name("beta"), 2, lambda at: torch.full_like(at["x"][:, 0], beta)),
            Term(number, 2, lambda at: torch.full_like(at["x"][:, 0], float(number))),
            Term(write.squared_norm("h(x)"), 2, lambda at: at["h"].square().sum(-1)),
            Term(write.squared_norm("h(x) - k(x)"), 2, lambda at: (at["h"] - at["k"]).square().sum(-1)),
            Term(r"h(x)^\top k(x)" if write.latex else "h(x)^T k(x)", 1, lambda at: (at["h"] * at["k"]).sum(-1)),
        )
    )


def _number(source: Source, over: Variables, depth: int) -> Term:
    """One number for each example."""
    if depth == 0:
        return _leaf(source, over)
    left, right = _number(source, over, depth - 1), _number(source, over, source.whole(0, depth - 1))
    return source.choice(STEPS)(source, left, right)


def _sum(source: Source, left: Term, right: Term) -> Term:
    added = right.within(1 if right.text.startswith("-") else 0)
    return Term(f"{left.text} + {added}", 0, lambda at: left.value(at) + right.value(at))


def _difference(source: Source, left: Term, right: Term) -> Term:
    return Term(f"{left.text} - {right.within(1)}", 0, lambda at: left.value(at) - right.value(at))


def _product(source: Source, left: Term, right: Term) -> Term:
    text = source.write.times(left.within(1), right.within(2))
    return Term(text, 1, lambda at: left.value(at) * right.value(at))


def _quotient(source: Source, left: Term, right: Term) -> Term:
    """Over a number that is positive."""
    write = source.write
    text = write.fraction(left.text, f"1 + ({right.text})^2")
    return Term(text, 2 if write.latex else 1, lambda at: left.value(at) / (1 + right.value(at).square()))


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "exp": lambda each: torch.exp(torch.tanh(each)),
    "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus,
    "log": lambda each: torch.log1p(each.square()),
    "sin": torch.sin,
    "cos": torch.cos,
    "arctan": torch.arctan,
    "relu": torch.relu,
    "erf": torch.erf,
    "silu": torch.nn.functional.silu,
}


def _function(source: Source, left: Term, right: Term) -> Term:
    name = source.choice(tuple(FUNCTIONS))
    inside = left.text
    if name == "exp":
        inside = source.write.function("tanh", inside)
    if name == "log":
        inside = f"1 + ({inside})^2"
    return Term(source.write.function(name, inside), 2, lambda at: FUNCTIONS[name](left.value(at)))


def _extreme(source: Source, left: Term, right: Term) -> Term:
    name = source.choice(("max", "min"))
    of = torch.maximum if name == "max" else torch.minimum
    text = source.write.function(name, f"{left.text}, {right.text}")
    return Term(text, 2, lambda at: of(left.value(at), right.value(at)))


def _size(source: Source, left: Term, right: Term) -> Term:
    return Term(source.write.absolute(left.text), 2, lambda at: left.value(at).abs())


def _negative(source: Source, left: Term, right: Term) -> Term:
    return Term(f"-{left.within(1)}", 0, lambda at: -left.value(at))


def _power(source: Source, left: Term, right: Term) -> Term:
    power = source.choice(("2", "3", "4"))
    return Term(source.write.power(f"({left.text})", power), 2, lambda at: left.value(at) ** int(power))


def _root(source: Source, left: Term, right: Term) -> Term:
    return Term(source.write.root(f"1 + ({left.text})^2"), 2, lambda at: torch.sqrt(1 + left.value(at).square()))


STEPS = (_sum, _difference, _product, _quotient, _function, _function, _power, _root, _extreme, _size, _negative)
