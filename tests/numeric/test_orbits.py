r"""Sums over the orbit of a draw under a map, and integrals over several draws of one density."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import Gaussian
from tests.support.reference import reference

SUM = r"\sum_{k=0}^K \frac{w_k(z) p(x, T^k(z))}{q(T^k(z)|x)}"
FORMULAS = [
    rf"\log p(x) \ge E_{{q(z|x)}}[\log {SUM}]",
    rf"\log p(x) = \log \int {SUM} q(z|x) dz \ge \int \log({SUM}) q(z|x) dz",
    r"\max E_{z \sim q(z|x)}[\log \sum_{k=0}^K w_k \frac{p(x|T^k(z)) p(T^k(z))}{q(T^k(z)|x)}]",
    r"\mathcal{L} = \int q(z|x) \log(\sum_{k=0}^K w_k(z) \frac{p(x, T^k(z))}{q(T^k(z)|x)}) dz",
]


class Scale(nn.Module):
    """z -> a z + c, entry by entry: log|det| is the sum of log|a|."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.3, 0.6], dtype=torch.float64))
        self.c = nn.Parameter(torch.tensor([0.2, -0.4], dtype=torch.float64))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self.a * z + self.c, self.a.abs().log().sum().expand(len(z))

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return (z - self.c) / self.a, -self.a.abs().log().sum().expand(len(z))


def _normal(parameters: dict[str, Tensor]) -> torch.distributions.Normal:
    return torch.distributions.Normal(parameters["loc"], parameters["log_scale"].exp())


def _terms(z: Tensor, x: Tensor, steps: int, map: Scale, encoder: Gaussian, decoder: Gaussian) -> Tensor:
    """log p(x, T^k(z)) |det T^k| / q(z|x) for each k."""
    log_q, out, point = _normal(encoder(x)).log_prob(z).sum(-1), [], z
    for k in range(steps + 1):
        prior = -(point**2 / 2 + math.log(2 * math.pi) / 2).sum(-1)
        out.append(_normal(decoder(point)).log_prob(x).sum(-1) + prior + k * map.a.abs().log().sum() - log_q)
        point = map.a * point + map.c
    return torch.stack(out)


@pytest.fixture
def bound() -> dict[str, object]:
    torch.manual_seed(0)
    encoder, decoder = Gaussian(3, 2).double(), Gaussian(2, 3).double()
    prior = f2d.Normal(loc=0.0, scale=1.0)
    return {"q(z|x)": f2d.Normal(encoder), "p(x|z)": f2d.Normal(decoder), "p(z)": prior, "T": Scale()}


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_orbit_is_summed_with_the_volumes_of_its_steps(formula: str, bound: dict[str, object]) -> None:
    objective = f2d.compile([formula, "K = 3"], bound, scaffold=True, dims={"x": 3})
    encoder, decoder, map = (getattr(objective, name) for name in ("q_z_given_x", "p_x_given_z", "T"))
    x, noise = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    posterior = _normal(encoder(x))
    z = posterior.loc + posterior.scale * noise
    expected = (torch.logsumexp(_terms(z, x, 3, map, encoder, decoder), 0) - math.log(4)).mean()
    out = objective(x=x, noise={"z": noise})
    assert_close(out.value, expected)
    assert_close(out.loss, -expected)
    weights = list(objective.parameters())
    assert_close(torch.autograd.grad(out.value, weights), torch.autograd.grad(expected, weights))


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_reference_finds_the_same(formula: str, bound: dict[str, object]) -> None:
    x, noise = torch.randn(3, 3, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    objective = f2d.compile([formula, "K = 2"], bound, scaffold=True, dims={"x": 3})
    expected = reference([formula, "K = 2"], bound, {"x": x}, {"z": noise}, scaffold=True, dims={"x": 3}).run()
    value, weights = objective(x=x, noise={"z": noise}).value, list(objective.parameters())
    assert_close(value, expected.value)
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad(expected.value, weights))


def test_several_draws(bound: dict[str, object]) -> None:
    inner = r"N^{-1} \sum_{i=1}^N \sum_{k=0}^K w_k(z^i) \frac{p(x, T^k(z^i))}{q(T^k(z^i)|x)}"
    formula = rf"\mathcal{{L}}(\theta, \phi; x) = \int \prod_{{i=1}}^N q(z^i|x) \log({inner}) dz^{{1:N}}"
    objective = f2d.compile([formula, "K = 2"], bound | {"N": 4}, scaffold=True, dims={"x": 3})
    encoder, decoder, map = (getattr(objective, name) for name in ("q_z_given_x", "p_x_given_z", "T"))
    x, noise = torch.randn(5, 3, dtype=torch.float64), torch.randn(4, 5, 2, dtype=torch.float64)
    posterior = _normal(encoder(x))
    each = [_terms(posterior.loc + posterior.scale * one, x, 2, map, encoder, decoder) for one in noise]
    expected = (torch.logsumexp(torch.cat(each), 0) - math.log(3 * 4)).mean()
    out = objective(x=x, noise={"z": noise})
    assert_close(out.value, expected)
    assert_close(out.loss, -expected)


def test_the_sum_estimates_the_evidence_without_bias() -> None:
    """x = z + noise, both standard normal: p(x) = N(x; 0, 2). The mean of the sum is p(x), whatever T is."""
    torch.manual_seed(0)
    models = {
        "q(z|x)": f2d.Normal(loc=0.3, scale=1.4, event_shape=2),
        "p(x|z)": f2d.Normal(loc=nn.Identity(), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "T": Scale(),
    }
    objective = f2d.compile([FORMULAS[0], "K = 2"], models, scaffold=True, dims={"x": 2}, reduction="none")
    x = torch.tensor([0.5, -1.0], dtype=torch.float64).expand(200_000, 2)
    with torch.no_grad():
        estimates = objective(x=x).value.exp()
    evidence = torch.distributions.Normal(0.0, 2**0.5).log_prob(x[0]).sum().exp()
    error = estimates.std() / len(estimates) ** 0.5
    assert abs(estimates.mean() - evidence) < 4 * error < 0.02 * evidence


def test_a_map_by_default_is_learned_with_the_density() -> None:
    formula = (
        r"\mathcal{L}(\theta, \phi) = E_{q_\phi(z|x)}[\log "
        + SUM.replace("p(", r"p_\theta(").replace("q(", r"q_\phi(")
        + "]"
    )
    objective = f2d.compile(formula, scaffold=True, dims={"x": 3})
    assert "T is learned as T_phi, with the density that is drawn from" in objective.assumptions
    assert any("K is 2" == each for each in objective.assumptions)
    batch = objective.example_batch(4)
    objective(**batch).loss.backward()
    assert any(bool(each.grad.any()) for each in objective.T_phi.parameters())


@pytest.mark.parametrize(
    ("formula", "more", "scaffold"),
    [
        (FORMULAS[0], ["w_k(z) = 1/3"], True),
        (FORMULAS[0], [], False),
        (FORMULAS[0].replace("w_k(z)", r"w_k(z) p(z')"), [], True),
    ],
)
def test_other_weights_are_refused(formula: str, more: list[str], scaffold: bool) -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile([formula, "K = 2", *more], scaffold=scaffold, dims={"x": 3})
    assert "F2D-0568" in [each.code for each in refused.value.diagnostics]
