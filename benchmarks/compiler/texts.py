"""Models of any number of parts: what grows is one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


def log_terms(count: int) -> str:
    """One expectation of weighed logarithms, each of a density with a network of its own."""
    terms = " + ".join(f"b_{{{i}}} log p_{{{i}}}(x|z)" for i in range(count))
    return f"E_q(z|x)[{terms}] - KL[q(z|x)||p(z)]"


def divergences(count: int) -> str:
    """Weighed divergences of one approximation each from one prior each."""
    terms = " - ".join(f"a_{{{i}}} * KL[q_{{{i}}}(z|x)||p_{{{i}}}(z)]" for i in range(count))
    return f"E_q(z|x)[log p(x|z)] - {terms}"


def factors(count: int) -> str:
    """The bound of a chain of latent variables: two joints, each declared as its factors."""
    names = ", ".join(f"z_{{{i}}}" for i in range(1, count + 1))
    model = " ".join(f"p(z_{{{i}}}|z_{{{i + 1}}})" for i in range(1, count))
    posterior = " ".join(f"q(z_{{{i + 1}}}|z_{{{i}}})" for i in range(1, count))
    joint = f"p(x, {names}) = p(x|z_{{1}}) {model} p(z_{{{count}}})"
    return f"{joint}; q({names}|x) = q(z_{{1}}|x) {posterior}; E_q({names}|x)[log p(x, {names}) - log q({names}|x)]"


def time_definitions(count: int) -> str:
    """Recurrences side by side: what each carries from step to step is a definition of its own."""
    carried = (f"h^{{({i})}}_t = f_{{{i}}}(x_t, h^{{({i})}}_{{t-1}})" for i in range(count))
    read = " - ".join(f"g_{{{i}}}(h^{{({i})}}_t)" for i in range(count))
    return "; ".join([*carried, f"\\sum_{{t=1}}^T ||x_{{t+1}} - {read}||^2"])


class Growing(NamedTuple):
    """A kind of model: what it has many of, its text, and the numbers at which it is measured."""

    name: str
    text: Callable[[int], str]
    sizes: tuple[int, ...]


KINDS = (
    Growing("terms, each with a network", log_terms, (10, 30, 100, 300, 1000)),
    Growing("divergences, each with a network", divergences, (10, 30, 100, 300, 600)),
    Growing("factors of two joints", factors, (10, 25, 50, 100, 200)),
    Growing("definitions at steps of time", time_definitions, (10, 25, 50, 100, 200)),
)
