r"""Bounds that score an approximation and draw nothing, ``\log p(x, z) - \log q(z|x)``: at one draw, and raised."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.test_written_densities import linear, tensor
from tests.support.agreement import assert_agrees
from tests.support.small import codes

X, NOISE = tensor(5, 3, seed=1), tensor(5, 2, seed=2)
SPACES = r"x \in \mathbb{R}^3; z \in \mathbb{R}^2"


class Posterior(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.loc, self.log_scale = linear(3, 2), linear(3, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"loc": self.loc(x), "log_scale": 0.1 * self.log_scale(x)}


ENCODER, DECODER = Posterior(), linear(2, 3)


class Around(nn.Module):
    """A Normal of standard deviation 1 around what a network says."""

    def forward(self, z: Tensor) -> dict[str, Tensor]:
        loc = DECODER(z)
        return {"loc": loc, "log_scale": torch.zeros_like(loc)}

    def __init__(self) -> None:
        super().__init__()
        self.body = DECODER


def bound() -> dict[str, object]:
    return {"q(z|x)": f2d.Normal(ENCODER), "p(x|z)": f2d.Normal(Around()), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}


def evidence_bound() -> Tensor:
    """Kingma and Welling 2014, equation 6, at one draw of the noise."""
    said = ENCODER(X)
    q = td.Normal(said["loc"], said["log_scale"].exp())
    z = said["loc"] + said["log_scale"].exp() * NOISE
    likelihood = td.Normal(DECODER(z), 1.0).log_prob(X)
    return (likelihood.sum(1) + td.Normal(0.0, 1.0).log_prob(z).sum(1) - q.log_prob(z).sum(1)).mean()


RAISED = [
    r"\mathcal{L} = \log p(x|z) + \log p(z) - \log q(z|x)",
    r"\max \log \frac{p(x|z) p(z)}{q(z|x)}",
    r"\log p(x) \ge \log p(x|z) + \log \frac{p(z)}{q(z|x)}",
    "log p(x|z) + log p(z) - log q(z|x)",
    r"\mathcal{L} = \log p(x|z) + \log p(z) - \log q(z|x); z \sim q(z|x)",
]


@pytest.mark.parametrize("formula", RAISED)
def test_a_bound_is_at_one_draw_and_raised(formula: str) -> None:
    """z was data, and the loss was minus the loss."""
    networks = bound()
    objective = f2d.compile([formula, SPACES], networks)
    assert_close(objective(x=X, noise={"z": NOISE}).loss, -evidence_bound())
    assert_agrees([formula, SPACES], networks, {"x": X})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "formula", [r"F = \log q(z|x) - \log p(x|z) - \log p(z)", r"F(z, \phi) = \log q(z|x) - \log p(x, z)"]
)
def test_a_cost_of_one_draw_is_lowered(formula: str) -> None:
    networks = bound()
    found = f2d.compile([formula, SPACES], networks)(x=X, noise={"z": NOISE}).loss
    assert_close(found, -evidence_bound())


def test_weights_are_drawn_once_for_all_examples() -> None:
    """Blundell et al. 2015, equation 2: the complexity of the weights against the likelihood of all examples."""
    text = r"f(w, \theta) = \log q(w|\theta) - \log P(w) - \sum_{i=1}^n \log P(y_i|x_i, w)"
    objective = f2d.compile([text, r"n = 100; x \in \mathbb{R}^3; y \in \mathbb{R}; w \in \mathbb{R}^4"], scaffold=True)
    assert "w is one draw from q(w|theta)" in objective.assumptions
    assert [each.name for each in objective.inputs] == ["x", "y"]
    assert "loss=value" in objective.source
    assert "value = log_q_w_given_theta - log_P_w - n * log_P_y_i_given_x_i_w" in objective.source


@pytest.mark.parametrize(
    "formula",
    [
        r"\max \log p(y|x) - \log q(y|x)",  # two models of labels that are given
        r"\max \log p(x|z) + \log p(z) + \log q(z|x)",  # no bound: all want up
        r"\max \log p(x|z) - \log q(z|x) + \log r(x|y)",  # a density that does not read z
    ],
)
def test_what_is_no_bound_draws_nothing(formula: str) -> None:
    spaces = r"x \in \mathbb{R}^3; z \in \mathbb{R}^2; y \in \mathbb{R}"
    objective = f2d.compile([formula, spaces], scaffold=True)
    assert not any("one draw" in each for each in objective.assumptions)


def test_without_a_number_of_examples_it_is_asked_for() -> None:
    text = r"f(w, \theta) = \log q(w|\theta) - \log P(w) - \sum_{i=1}^n \log P(y_i|x_i, w)"
    assert codes(text, {}, scaffold=True, dims={"x": 3, "y": 2, "w": 4}) == ["F2D-0203"]


def test_a_key_of_the_data_is_no_draw() -> None:
    torch.manual_seed(0)
    text = [r"\max \log p(x|z) - \log q(z|x)", r"z \sim p_{data}", SPACES]
    assert [each.name for each in f2d.compile(text, scaffold=True).inputs] == ["z", "x"]


@pytest.mark.parametrize("formula", [*RAISED[:1], "log p(z) + log p(x|z) - log q(z|x)"])
@pytest.mark.parametrize("beside", [r"\log q(z)", r"\alpha \log q(y|x)"])
def test_another_q_beside_the_bound_changes_nothing(formula: str, beside: str) -> None:
    """z was data: the bound is at the same draw, with the marginal of q or a classifier of labels beside it."""
    networks = {**bound(), "q(y|x)": f2d.Normal(loc=linear(3, 1), scale=1.0), "alpha": 1.0}
    objective = f2d.compile([f"{formula} + {beside}", SPACES], networks, maximize=True)
    assert "z" not in {each.name for each in objective.inputs}
    y = {"y": tensor(5, 1, seed=3)} if "y" in beside else {}
    out = objective(x=X, **y, noise={"z": NOISE})
    score = next(value for name, value in out.contributions.items() if name.startswith(("log q(z)", "log q(y")))
    assert_close(out.value - score, evidence_bound().detach())


@pytest.mark.parametrize("classifier", ["", r" + \alpha \log q(y|x)"])
def test_the_bound_of_labelled_data_at_one_draw(classifier: str) -> None:
    """Kingma et al. 2014, equations 6 and 9: y is given, and p(y) does not read z."""
    text = r"\max \log p(x|y,z) + \log p(y) + \log p(z) - \log q(z|x,y)" + classifier
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "y": 2, "z": 2})
    assert {each.name for each in objective.inputs} == {"x", "y"}
    x, y, noise = torch.randn(5, 3), torch.randn(5, 2), torch.randn(5, 2)
    q = objective.q_z_given_x_y(x, y)
    z = q["loc"] + q["scale"] * noise
    model = td.Normal(objective.p_x_given_y_z(y, z), 1.0).log_prob(x).sum(1)
    prior = td.Normal(0.0, 1.0).log_prob(y).sum(1) + td.Normal(0.0, 1.0).log_prob(z).sum(1)
    expected = (model + prior - td.Normal(q["loc"], q["scale"]).log_prob(z).sum(1)).mean()
    out = objective(x=x, y=y, noise={"z": noise})
    rest = out.contributions["log q(y|x)"] if classifier else 0.0
    assert_close(out.value - rest, expected)


def test_latents_of_two_levels_are_drawn_from_above() -> None:
    text = r"\max \log p(x|z_1) + \log p(z_1|z_2) + \log p(z_2) - \log q(z_1|x) - \log q(z_2|z_1)"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    assert {"z_1 is one draw from q(z_1|x)", "z_2 is one draw from q(z_2|z_1)"} <= {*objective.assumptions}
    assert [each.name for each in objective.inputs] == ["x"]


def test_two_posteriors_of_one_variable_draw_nothing() -> None:
    text = r"\max \log p(x|z) + \log p(z) - \log q(z|x) - \log q(z|w)"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2, "w": 2})
    assert not any("one draw" in each for each in objective.assumptions)
