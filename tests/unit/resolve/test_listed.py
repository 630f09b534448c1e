"""Densities by what they are asked for: what a list looked through from the start would find, in its order."""

from __future__ import annotations

import random

from formula2dgm.reading.signature import read_signature
from formula2dgm.resolve.densities.factorisation import ancestral_order
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.densities.listed import KEYS, Listed
from formula2dgm.syntax import parse_one, tree

TEXTS = ["p(x|z)", "p(z)", "q(z|x)", "p_a(x|z, y)", "p(y|z)", "q(z, y|x)", "p(x, z)", "p(z|x)", "q(x|z)", "p(x|z)"]


def density(text: str) -> Density:
    call = parse_one(text)
    assert isinstance(call, tree.Call)
    return Density(read_signature(call, frozenset()))


def looked_through(listed: Listed, key: str, *values: object) -> list[Density]:
    return [each for each in listed if not set(KEYS[key](each)).isdisjoint(values)]


def test_what_is_found_is_what_looking_through_all_finds() -> None:
    listed = Listed()
    for text in TEXTS:
        listed.append(density(text))
        for key, of in KEYS.items():
            values = {value for each in listed for value in of(each)}
            for value in values:
                assert listed.by(key, value) == looked_through(listed, key, value)
            assert listed.by(key, *values) == looked_through(listed, key, *values)
    assert len(listed.by("head", "p")) == 6 and len(listed.by("over", ("p", "x"))) == 3


def test_a_density_that_is_replaced_or_taken_away_is_not_found() -> None:
    listed = Listed()
    listed += map(density, TEXTS)
    assert len(listed.by("head", "p_a")) == 1
    listed[3] = density("r(x)")
    assert not listed.by("head", "p_a") and len(listed.by("head", "r")) == 1
    listed.reset([density("p(x|z)")])
    assert len(listed.by("head", "p")) == 1 and not listed.by("head", "q") and len(listed) == 1


def test_parents_come_first_and_else_the_order_given() -> None:
    """As looking again and again for the first whose parents are known does."""

    def slowly(factors: list[Density]) -> list[Density] | None:
        waiting, order = list(factors), list[Density]()
        unknown = {name for each in factors for name in each.signature.ids[0]}
        while waiting:
            place = next((i for i, each in enumerate(waiting) if not each.signature.ids[1] & unknown), None)
            if place is None:
                return None
            order.append(waiting.pop(place))
            unknown -= order[-1].signature.ids[0]
        return order

    chance = random.Random(0)
    names = "abcdefgh"
    for _ in range(200):
        over = chance.sample(names, 6)
        given = [[each for each in names if each != name and chance.random() < 0.2] for name in over]
        bars = (
            f"p({name}|{', '.join(others)})" if others else f"p({name})"
            for name, others in zip(over, given, strict=True)
        )
        factors = [density(each) for each in bars]
        found, expected = ancestral_order(factors), slowly(factors)
        assert (found is None) == (expected is None)
        assert found is None or [id(each) for each in found] == [id(each) for each in expected or ()]
