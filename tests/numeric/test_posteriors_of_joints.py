r"""The exact posterior of a declared joint: the two steps of EM, and marginals of a conditional joint."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import assumed, codes

JOINT = [r"p_\theta(z, Y) = p_\theta(Y|z) p_\theta(z)", r"z \in \{1, \dots, 4\}"]
EM = r"\max E_{z \sim \mathrm{sg}[p_\theta(z|Y)]}[\log p_\theta(z, Y)]"


class Rows(nn.Module):
    """A mean for each class."""

    def __init__(self) -> None:
        super().__init__()
        self.means = nn.Parameter(torch.randn(4, 3).double())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.means[z.long()]


def test_the_gradient_of_an_em_step_is_that_of_the_evidence() -> None:
    """Fisher's identity: at the present parameters the two gradients are equal."""
    torch.manual_seed(0)
    rows, logits, Y = Rows(), torch.randn(4).double(), torch.randn(5, 3).double()
    bound = {"p_theta(Y|z)": f2d.Normal(loc=rows, scale=1.0), "p_theta(z)": f2d.Categorical(logits=logits)}
    scores = td.Normal(rows.means, 1.0).log_prob(Y[:, None]).sum(2)
    wanted = torch.autograd.grad((scores + logits.log_softmax(0)).logsumexp(1).mean(), rows.means)
    text = [EM, *JOINT]
    for found in (f2d.compile(text, bound)(Y=Y).value, reference(text, bound, {"Y": Y}, {}).run().value):
        assert_close(torch.autograd.grad(found, rows.means), wanted)


def test_by_default_the_posterior_is_no_network() -> None:
    said = assumed([EM, *JOINT], {}, scaffold=True, dims={"Y": 3})
    assert "p_theta(z|Y) is the posterior of p_theta(Y, z), by Bayes' rule" in said
    own = [EM, r"p_\theta(z, Y) = p_\theta(z|Y) p_\theta(Y)", JOINT[1]]
    assert "p_theta(z|Y) is a Categorical with a small network" in assumed(own, {}, scaffold=True, dims={"Y": 3})


@pytest.mark.parametrize(
    "text", [r"\max E[\log p_\theta(z, Y) | Y]", r"\mathcal{L}(\theta) = E[\log p_\theta(z^{1:n}, Y^{1:n}) | Y^{1:n}]"]
)
def test_a_conditional_expectation_of_a_latent_is_refused(text: str) -> None:
    assert codes([text, *JOINT], {}, scaffold=True, dims={"Y": 3}) == ["F2D-0585"]


@pytest.mark.parametrize(
    "text",
    [
        r"\max E[\log p(y|x) | x]",
        r"\min E[\|y - f(x)\|^2 | x]; y \in \mathbb{R}^3",
        r"\max E[\log p(z, y) | y] - KL[q(z|y) \| p(z)]; z \sim q(z|y)",
        r"\max E_{q(z|x)} E[\log p(x, z) | x]",
    ],
)
def test_conditional_expectations_of_what_is_known(text: str) -> None:
    assert codes(text, {}, scaffold=True, dims={"x": 3, "y": 3}) == []


CONDITIONAL = (
    r"\max E_{q(z|x,y)}[\log p(x|y,z)] - \beta E_{q(z|x,y)}[\log \frac{q(y,z|x)}{p(y,z)}]"
    r" + E_{q(z|x)}[\log \frac{q(y,z|x)}{q(z|x)}]"
)
FACTORS = [r"q(y,z|x) = q(z|x,y) q(y|x)", r"y \in \{1, \dots, 3\}"]


@pytest.mark.parametrize("more", [[], FACTORS, [r"q(y,z|x) = q(z|x) q(y|z,x)"]])
def test_a_joint_beside_its_marginal_and_its_conditional(more: list[str]) -> None:
    found = codes(
        [CONDITIONAL, *more], {}, scaffold=True, dims={"x": 3, "z": 2} | ({} if more == FACTORS else {"y": 3})
    )
    assert set(found) == {"F2D-0586"}


def test_a_joint_beside_its_marginal_that_is_written() -> None:
    text = [CONDITIONAL, *FACTORS, r"q(z|x) = \sum_y q(y|x) q(z|x,y)"]
    said = assumed(text, {}, scaffold=True, dims={"x": 3, "z": 2})
    assert "the expectation under q(z|x) is that under each of its components, weighted" in said
    assert "q(z|x) is a Normal" not in said


def test_one_conditional_of_a_joint_says_the_other() -> None:
    text = r"\max E_{q(z|x,y)}[\log p(x|y,z) + \log p(y,z) - \log q(y,z|x)]"
    said = assumed(text, {}, scaffold=True, dims={"x": 3, "y": 3, "z": 2})
    assert "q(y|x) is a Normal" in said
