r"""Semi-implicit bounds: the draw counted 0 says where w is drawn, and all K + 1 draws are summed over."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree
from tests.support.small import STANDARD, Gaussian

K = 4
SPELLINGS = {
    "below": r"E_{\psi_{0:K} \sim q(\psi|x)} E_{q(w|\psi_0)}[BODY \sum_{k=0}^K q(w|\psi_k)]",
    "above, with dots": r"E_{\psi^{0 \dots K} \sim q(\psi|x)} E_{q(w|\psi^0)}[BODY \sum_{k=0}^K q(w|\psi^k)]",
    "above, with a colon": r"E_{\psi^{(0:K)} \sim q(\psi|x)} E_{q(w|\psi^{(0)})}[BODY \sum_{k=0}^K q(w|\psi^{(k)})]",
    "a list": r"E_{\psi_0, \dots, \psi_K \sim q(\psi|x)} E_{q(w|\psi_0)}[BODY \sum_{k=0}^K q(w|\psi_k)]",
    "Unicode": "𝔼_{ψ_{0:K} ~ q(ψ|x)} 𝔼_{q(w|ψ_0)}[BODY ∑_{k=0}^K q(w|ψ_k)]",
}
BODY = r"\log p(x|w) + \log p(w) - \log \frac{1}{K+1}"


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_bound_and_its_gradients(name: str) -> None:
    torch.manual_seed(0)
    mixing, conditional, likelihood = (Gaussian(2).double() for _ in range(3))
    bindings = {
        "q(psi|x)": f2d.Normal(mixing),
        "q(w|psi)": f2d.Normal(conditional),
        "p(x|w)": f2d.Normal(likelihood),
        "p(w)": f2d.Normal(loc=0.0, scale=1.0),
        "K": K,
    }
    text, x = r"\max " + SPELLINGS[name].replace("BODY", BODY), torch.randn(3, 2).double()
    objective = assert_agrees(text, bindings, {"x": x})
    torch.manual_seed(1)
    noise = {"psi": torch.randn(K, 3, 2), "psi_prime": torch.randn(3, 2), "w": torch.randn(3, 2)}
    noise = {key: each.double() for key, each in noise.items()}
    value = objective(x=x, noise=noise).value

    loc, scale = mixing(x)
    psi = torch.cat([(loc + scale * noise["psi_prime"])[None], loc + scale * noise["psi"]])
    first = conditional(psi[0])
    w = first[0] + first[1] * noise["w"]
    mixture = torch.stack([conditional.at(each).log_prob(w) for each in psi]).logsumexp(0) - math.log(K + 1)
    expected = (likelihood.at(w).log_prob(x) + STANDARD.log_prob(w) - mixture).mean()
    assert_close(value, expected)


def test_a_bare_expectation_is_over_the_density_of_the_letter_that_is_given_it() -> None:
    text = [r"\max -E_{\psi^{0\dots K}} E_{q(w|\psi^0)} \log \frac{1}{K+1} \sum_{k=0}^{K} q(w|\psi^k)", "K = 3"]
    objective = f2d.compile(text, scaffold=True, dims={"w": 2, "psi": 2})
    assert "psi_0 is psi', a draw of its own beside psi_{1:K}, all from q(psi)" in objective.assumptions


def test_several_draws_of_a_mixing_variable_are_no_data() -> None:
    """p(zeta) beside p(w|zeta_k) is the model's: data have one value for each example."""
    text = r"\max E_{\zeta^{1 \dots K} \sim p(\zeta)} E_{q(w|x)}[\log p(x|w) + \log \frac1K \sum_{k=1}^K p(w|\zeta^k)]"
    objective = assert_defaults_agree([text, "K = 3"], {"w": 2, "zeta": 2, "x": 3})
    assert [each.name for each in objective.inputs] == ["x"]


def test_a_sum_from_zero_over_anything_else_is_refused() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(
            [r"\max E_{z_{1:K} \sim q(z|x)}[\log \sum_{k=0}^K p(x|z_k)]", "K = 3"], scaffold=True, dims={"x": 2}
        )
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0416"]


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{p_{data}(x)}[\log \frac12 (p_\theta(x) + q_\phi(x))]",
        r"\max E_{p_{data}(x)} \log \frac12 (p_\theta(x) + q_\phi(x))",
    ],
)
def test_the_log_of_a_mixture_in_brackets(text: str) -> None:
    torch.manual_seed(0)
    a, b = (nn.Parameter(torch.randn(2, dtype=torch.float64)) for _ in range(2))
    bindings = {r"p_\theta(x)": f2d.Normal(loc=a, scale=1.0), r"q_\phi(x)": f2d.Normal(loc=b, scale=1.0)}
    x = torch.randn(5, 2).double()
    objective = assert_agrees(text, bindings, {"x": x})
    logs = torch.stack([torch.distributions.Normal(each, 1.0).log_prob(x).sum(-1) for each in (a, b)])
    assert_close(objective(x=x).value, (logs.logsumexp(0) - math.log(2)).mean())
