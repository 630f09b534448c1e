"""Under autocast, what networks return in half precision becomes densities in float32, with nothing lost on the way."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.library.normal import normal_log_prob
from formula2dgm.registry.divergences import CLOSED_FORMS
from tests.unit.library.families.cases import Case
from tests.unit.library.families.test_families import ROWS, TABLES

CASES = [case for table in TABLES for case in table.CASES]


def same_in_float32(function: Callable[..., Tensor], rounded: list[Tensor]) -> None:
    """A function of numbers of half precision, under autocast, is that of the same numbers in float32."""
    with torch.autocast("cpu", torch.bfloat16):
        found = function(*rounded)
    assert found.dtype == torch.float32
    expected = function(*(each.float() if each.is_floating_point() else each for each in rounded))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def halved(values: tuple[Tensor, ...] | list[Tensor]) -> list[Tensor]:
    return [each.bfloat16() if each.is_floating_point() else each for each in values]


@pytest.mark.parametrize("case", ROWS)
def test_log_densities_and_entropies(case: Case) -> None:
    same_in_float32(case.function("log_prob"), halved([case.points(), *case.columns()]))
    if case.record.entropy is not None:
        same_in_float32(case.function("entropy"), halved(case.columns()))


def first_of(family: str) -> Case | None:
    return next((each for each in CASES if each.family == family and not each.options), None)


@pytest.mark.parametrize("kind", CLOSED_FORMS, ids=str)
def test_divergences(kind: tuple[str, str, str]) -> None:
    pair = [first_of(family) for family in kind[1:]]
    if pair[0] is None or pair[1] is None:
        pytest.skip("a family without a row of its own")
    function = named(CLOSED_FORMS[kind])
    given = halved([each[:1] for case in pair for each in case.columns()])
    same_in_float32(function, given)


def named(function: str) -> Callable[..., Tensor]:
    for module in ("divergences", "kl_positive", "kl_real", "kl_unit", "kl_uniform", "kl_vectors"):
        found = getattr(importlib.import_module(f"formula2dgm.library.{module}"), function, None)
        if found is not None:
            return found
    raise LookupError(function)


def test_half_precision_that_was_asked_for_stays() -> None:
    value, loc, scale = (torch.rand(3).bfloat16() for _ in range(3))
    assert normal_log_prob(value, loc, scale).dtype == torch.bfloat16


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.loc, self.scale = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.loc(x), nn.functional.softplus(self.scale(x))


class Rounded(nn.Module):
    """A network that returns what it would under autocast, in float32."""

    def __init__(self, inside: nn.Module):
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        with torch.autocast("cpu", torch.bfloat16):
            found = self.inside(x)
        return tuple(each.float() for each in found) if isinstance(found, tuple) else found.float()


BOUND = r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]"
DRAWS = r"E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}], K = 4"


@pytest.mark.parametrize("formula", [BOUND, DRAWS], ids=["bound", "draws"])
def test_an_objective_under_autocast_loses_only_what_its_networks_lose(formula: str) -> None:
    torch.manual_seed(0)
    encoder, decoder, x = Encoder(), nn.Linear(3, 6), torch.rand(5, 6).round()

    def objective(wrap: Callable[[nn.Module], nn.Module]) -> f2d.Objective:
        laws = {"q(z|x)": f2d.Normal(wrap(encoder)), "p(x|z)": f2d.Bernoulli(wrap(decoder))}
        return f2d.compile(formula, {**laws, "p(z)": f2d.Normal(loc=0.0, scale=1.0)})

    plain = objective(lambda module: module)
    noise = plain.example_noise(x=x)
    with torch.autocast("cpu", torch.bfloat16):
        found = plain(x=x, noise=noise)
    expected = objective(Rounded)(x=x, noise=noise)
    assert all(each.dtype == torch.float32 for each in (found.loss, *found.terms.values()))
    for name, term in found.terms.items():
        torch.testing.assert_close(term, expected.terms[name], rtol=2e-3, atol=2e-3)
    found.loss.backward()
    assert all(each.grad is not None and each.grad.dtype == torch.float32 for each in plain.parameters())


def test_autocast_inside_of_what_is_compiled() -> None:
    torch.manual_seed(0)
    laws = {"q(z|x)": f2d.Normal(Encoder()), "p(x|z)": f2d.Bernoulli(nn.Linear(3, 6))}
    plain, x = f2d.compile(BOUND, {**laws, "p(z)": f2d.Normal(loc=0.0, scale=1.0)}), torch.rand(5, 6).round()
    noise = plain.example_noise(x=x)
    plain(x=x, noise=noise)
    torch._dynamo.reset()
    compiled = torch.compile(plain, fullgraph=True, backend="aot_eager")
    for enabled in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            found, expected = compiled(x=x, noise=noise), plain(x=x, noise=noise)
        torch.testing.assert_close(found.terms, expected.terms)
        assert all(each.dtype == torch.float32 for each in found.terms.values())
