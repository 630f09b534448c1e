"""Where a law's parameters come from: bindings in every parameterisation, statements, products of experts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes

LOG_P = r"\max \log p(x)"


@pytest.mark.parametrize(
    ("parameter", "sd"),
    [({"scale": 3.0}, 3.0), ({"var": 9.0}, 3.0), ({"log_scale": 0.5}, 0.5), ({"log_var": 0.5}, 0.25)],
)
def test_parameterisations_of_a_normal(parameter: dict[str, float], sd: float) -> None:
    model = Model()
    bound = {key: torch.tensor(value) for key, value in parameter.items()}
    model.bindings = {"p(x)": f2d.Normal(loc=nn.Parameter(torch.zeros(2)), **bound)}
    scale = torch.tensor(sd).exp() if "log" in next(iter(parameter)) else torch.tensor(sd)
    assert_close(model.value(LOG_P, {}), td.Normal(0.0, scale).log_prob(model.x).sum(-1).mean())


def test_probabilities_and_logits() -> None:
    model, probs = Model(), torch.tensor([0.2, 0.7])
    model.x = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    expected = td.Bernoulli(probs).log_prob(model.x).sum(-1).mean()
    for bound in ({"probs": probs}, {"logits": torch.logit(probs)}):
        model.bindings = {"p(x)": f2d.Bernoulli(**bound)}
        assert_close(model.value(LOG_P, {}), expected)


@pytest.mark.parametrize(
    ("written", "sd"),
    [
        ("I", 1.0),
        (r"\sigma^2 I", 0.3),
        (r"\sigma^2", 0.3),
        (r"\sigma I", 0.3),
        (r"\mathrm{diag}(\sigma^2)", 0.3),
        ("0.25 I", 0.5),
        ("0.25", 0.5),
        ("0.5^2 I", 0.5),
        (r"2 \sigma^2 I", 0.3 * 2**0.5),
        (r"\frac14 I", 0.5),
        (r"v I", 0.2),
        (r"I / 4", 0.5),
    ],
)
def test_the_second_argument_of_a_written_normal_is_the_variance(written: str, sd: float) -> None:
    model, net = Model(), nn.Linear(2, 2)
    model.bindings = {"f": net, "sigma": 0.3, "v": 0.04}
    z = torch.randn(3, 2)
    statements = [f"p(x|z) = N(x; f(z), {written})", r"\max \log p(x|z)"]
    assert_close(model.value(statements, {}, data={"z": z}), td.Normal(net(z), sd).log_prob(model.x).sum(-1).mean())


def test_a_sigma_without_a_square_is_said_to_be_the_standard_deviation() -> None:
    statements = [r"p(x|z) = N(x; f(z), \sigma I)", r"\max \log p(x|z)"]
    assert "standard deviation" in assumed(statements, {"f": nn.Linear(2, 2), "sigma": 0.3})


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x).exp()


@pytest.mark.parametrize("written", [r"\sigma_\phi^2(x) I", r"\sigma_\phi(x)^2 I", r"\mathrm{diag}(\sigma_\phi^2(x))"])
def test_squares_of_scale_networks(written: str) -> None:
    model, loc, scale = Model(), nn.Linear(2, 2), Scale()
    model.bindings = {r"\mu_\phi": loc, r"\sigma_\phi": scale, "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    statements = [rf"q(z|x) = N(z; \mu_\phi(x), {written})", r"\min KL[q(z|x)||p(z)]"]
    q = td.Independent(td.Normal(loc(model.x), scale(model.x)), 1)
    assert_close(model.value(statements, {}), td.kl_divergence(q, STANDARD).mean())


def test_a_variance_network_is_no_scale() -> None:
    """N(x; f(z), v(z)): v is the variance."""
    model, loc, var, z = Model(), nn.Linear(2, 2), Scale(), torch.randn(3, 2)
    model.bindings = {"f": loc, "v": var}
    statements = ["p(x|z) = N(x; f(z), v(z))", r"\max \log p(x|z)"]
    expected = td.Normal(loc(z), var(z).sqrt()).log_prob(model.x).sum(-1).mean()
    assert_close(model.value(statements, {}, data={"z": z}), expected)


def test_a_statement_is_used_at_the_values_of_its_place() -> None:
    """p(x|z) declared, used at w: its network sees w."""
    model, net, w = Model(), nn.Linear(2, 2), torch.randn(3, 2)
    model.bindings = {"f": net}
    statements = ["p(x|z) = N(x; f(z), I)", r"\max \log p(x|z=w)"]
    assert_close(model.value(statements, {}, data={"w": w}), td.Normal(net(w), 1.0).log_prob(model.x).sum(-1).mean())


def test_the_log_of_a_written_family() -> None:
    model, net = Model(), nn.Linear(2, 2)
    value = model.value(r"\max E_{q(z|x)}[\log N(x; f(z), 0.25 I)]", more={"f": net})
    assert_close(value, td.Normal(net(model.z()), 0.5).log_prob(model.x).sum(-1).mean())


def test_a_product_of_experts() -> None:
    """Precisions add; means are weighted by precision."""
    model, other, y = Model(), Gaussian(2), torch.randn(3, 2)
    statements = [r"q(z|x,y) \propto p(z) q(z|x) q(z|y)", r"\min KL[q(z|x,y)||p(z)]"]
    value = model.value(statements, {}, {"q(z|y)": f2d.Normal(other)}, {"y": y})
    (l1, s1), (l2, s2) = model.q(model.x), other(y)
    precision = 1 + s1**-2 + s2**-2
    product = td.Normal((l1 / s1**2 + l2 / s2**2) / precision, precision**-0.5)
    assert_close(value, td.kl_divergence(td.Independent(product, 1), STANDARD).mean())


def test_experts_of_other_variables_or_families_are_refused() -> None:
    model = Model()
    bindings = {**model.bindings, "q(w|y)": f2d.Normal(Gaussian(2)), "q(z|y)": f2d.Laplace(Gaussian(2))}
    assert codes([r"q(z|x,y) \propto q(z|x) q(w|y)", r"\min KL[q(z|x,y)||p(z)]"], bindings) == ["F2D-0303"]
    assert codes([r"q(z|x,y) \propto q(z|x) q(z|y)", r"\min KL[q(z|x,y)||p(z)]"], bindings) == ["F2D-0303"]
