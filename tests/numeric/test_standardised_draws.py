r"""Draws by their standardised value, ``(z - u)/s ~ N(0, I)``, and posteriors written by their family alone."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import Gaussian

BOUND = r"\log p(x) \ge E_{\frac{z-u}{s} \sim N(0, I)}[\log p(x|z)] - KL[N(z|u, s^2) \| N(z|0, I)]"


@pytest.mark.parametrize(
    ("drawn", "of"),
    [
        (r"\frac{z-u}{s} \sim N(0, I)", lambda e, u, s: u + s * e),
        (r"(z - u)/s \sim N(0, 1)", lambda e, u, s: u + s * e),
        (r"z/s \sim N(0, I)", lambda e, u, s: s * e),
        (r"z - u \sim N(0, I)", lambda e, u, s: u + e),
        (r"\frac{z-u}{\sqrt{s}} \sim N(0, I)", lambda e, u, s: u + s**0.5 * e),
    ],
)
@pytest.mark.parametrize("as_statement", [False, True])
def test_the_variable_is_drawn(drawn: str, of, as_statement: bool) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    body = r"\|z - x\|^2"
    text = [rf"\min \|w\|^2 + {body}", drawn] if as_statement else [rf"\min \|w\|^2 + E_{{{drawn}}}[{body}]"]
    u, s, w = torch.randn(3), torch.rand(3) + 0.5, torch.nn.Parameter(torch.randn(3))
    objective = f2d.compile(text, {"u": u, "s": s, "w": w}, dims={"x": 3, "z": 3})
    x, noise = torch.randn(5, 3), torch.randn(5, 3)
    expected = (w**2).sum() + ((of(noise, u, s) - x) ** 2).sum(-1).mean()
    assert_close(objective(x=x, noise={"z": noise}).value, expected)


def test_the_bound_is_that_of_the_posterior() -> None:
    torch.manual_seed(0)
    encoder, decoder = Gaussian(3, 2).double(), Gaussian(2, 3).double()
    written = [BOUND, "u = m(x)", "s = v(x)"]
    parts = {"m": _Part(encoder, "loc"), "v": _Part(encoder, "log_scale", exp=True)}
    objective = f2d.compile(written, {**parts, "p(x|z)": f2d.Normal(decoder)}, dims={"z": 2, "x": 3})
    x, noise = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
    found = encoder(x)
    posterior = torch.distributions.Normal(found["loc"], found["log_scale"].exp())
    z = posterior.loc + posterior.scale * noise
    out = decoder(z)
    likelihood = torch.distributions.Normal(out["loc"], out["log_scale"].exp()).log_prob(x).sum(-1)
    prior = torch.distributions.Normal(torch.zeros(2).double(), torch.ones(2).double())
    kl = torch.distributions.kl_divergence(posterior, prior).sum(-1)
    value = objective(x=x, noise={"z": noise}).value
    assert_close(value, (likelihood - kl).mean())
    weights = list(encoder.parameters())
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad((likelihood - kl).mean(), weights))


class _Part(torch.nn.Module):
    def __init__(self, network: torch.nn.Module, name: str, exp: bool = False) -> None:
        super().__init__()
        self.network, self.name, self.exp = network, name, exp

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.network(x)[self.name]
        return torch.exp(found) if self.exp else found


def test_a_posterior_of_which_nothing_is_said_is_amortised() -> None:
    objective = f2d.compile([BOUND, r"x \in \mathbb{R}^3"], scaffold=True)
    assert "N(u, s^2), of which nothing is said, is q(z|x): a network of the data" in objective.assumptions
    assert set(dict(objective.named_children())) == {"q_z_given_x", "p_x_given_z"}


def test_categories_of_a_document() -> None:
    bound = (
        r"\log p(x_1^N) \ge E_{\frac{z-u}{s} \sim N(0, I)}[\sum_{i=1}^N \log \psi_{x_i}] - KL[N(z|u, s^2) \| N(z|0, I)]"
    )
    torch.manual_seed(0)
    objective = f2d.compile([bound, r"x_i \in \{1, \dots, 7\}", r"z \in \mathbb{R}^2"], scaffold=True)
    assert "psi_{x_i} is p(x_i|z): the probability of the category x_i" in objective.assumptions
    nets = dict(objective.named_children())
    x, noise = torch.randint(7, (4, 5)), torch.randn(4, 2)
    posterior = nets["q_z_given_x"](x)
    z = posterior["loc"] + posterior["scale"] * noise
    logits = torch.log_softmax(nets["p_x_given_z"](z), -1)
    likelihood = sum(logits[torch.arange(4), x[:, i]] for i in range(5))
    law = torch.distributions.Normal(posterior["loc"], posterior["scale"])
    kl = torch.distributions.kl_divergence(law, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    assert_close(objective(x=x, noise={"z": noise}).value, (likelihood - kl).mean())


@pytest.mark.parametrize(
    "body",
    [
        r"\log p(x|z) + \log \pi_x",  # a prior of the classes: the bracket reads z besides
        r"\log \psi_w",  # w is no data
    ],
)
def test_other_values_at_an_index_are_no_such_probability(body: str) -> None:
    bound = rf"\log p(x) \ge E_{{z \sim N(u, s^2)}}[{body}] - KL[N(z|u, s^2) \| N(z|0, I)]"
    with pytest.raises(f2d.FormulaError):
        f2d.compile(bound, scaffold=True, dims={"x": 3})


@pytest.mark.parametrize("drawn", [r"(\mu - z)/s \sim N(0, I)", r"(z - u)/s \sim U(0, 1)", r"(z - z)/s \sim N(0, I)"])
def test_other_laws_are_refused(drawn: str) -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile(rf"\max E_{{{drawn}}}[\log p(x|z)]", scaffold=True, dims={"x": 3})
    assert refused.value.diagnostics[0].code == "F2D-0496"


def test_default_networks_of_a_law_have_its_size_and_are_positive_where_it_is_as_wide() -> None:
    objective = f2d.compile(
        [r"\max E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", "q(z|x) = N(z; m, s^2)", "m = f(x); s = g(x)"],
        scaffold=True,
        dims={"x": 5, "z": 3},
    )
    assert "g is a small network, positive: a law is as wide as it" in objective.assumptions
    f, g = dict(objective.named_children())["f"], dict(objective.named_children())["g"]
    x = 10 * torch.randn(50, 5)
    assert f(x).shape == g(x).shape == (50, 3)
    assert bool((g(x) > 0).all()) and not bool((f(x) > 0).all())
