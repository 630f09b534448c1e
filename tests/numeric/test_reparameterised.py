r"""``z = \mu(x) + \sigma(x) \epsilon`` says what ``q(z|x)`` is: the bound by hand (Kingma and Welling 2014)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D, K = 4, 3, 2
KL = r"KL[q(z|x) \| p(z)]"
BOUNDS = {
    "nothing drawn": r"E[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = \mu(x) + \sigma(x) \epsilon",
    "drawn": r"E_{\epsilon \sim N(0, I)}[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = \mu(x) + \sigma(x) \odot \epsilon",
    "by its letter": r"E_\epsilon[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = \mu(x) + \sigma(x) \epsilon",
    "the other way round": r"E_\epsilon[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = \sigma(x) \epsilon + \mu(x)",
    "a statement": "E[log p(x|z)] - KL[q(z|x) ‖ p(z)]; z = μ(x) + σ(x) ⊙ ε; ε ~ N(0, I)",
    "in its condition": r"E_{\epsilon \sim N(0, I)}[\log p(x|z=\mu(x) + \sigma(x) \odot \epsilon)]"
    r" - KL[q(z|x) \| p(z)]",
    "said too": r"E_{\epsilon \sim N(0, I)}[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = \mu(x) + \sigma(x) \odot \epsilon;"
    r"q(z|x) = N(z; \mu(x), \sigma(x)^2)",
}


class Positive(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, K).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).exp()  # type: ignore[no-any-return]


def networks() -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(0)
    return nn.Linear(D, K).double(), Positive(), nn.Linear(K, D).double()


@pytest.mark.parametrize("name", BOUNDS)
def test_the_bound_is_that_of_the_law_of_the_value(name: str) -> None:
    mean, scale, out = networks()
    bindings = {r"\mu": mean, r"\sigma": scale, "p(x|z)": f2d.Normal(loc=out, scale=1.0)}
    objective = f2d.compile(BOUNDS[name], bindings, scaffold=True, dims={"x": D, "z": K, "epsilon": K}).double()
    x, noise = torch.randn(N, D, dtype=torch.float64), torch.randn(N, K, dtype=torch.float64)
    value = objective(x=x, noise=dict.fromkeys(objective.example_noise(x=x), noise)).value
    m, s = mean(x), scale(x)
    likelihood = torch.distributions.Normal(out(m + s * noise), 1.0).log_prob(x).sum(1)
    expected = (likelihood - 0.5 * (m**2 + s**2 - 1 - 2 * s.log()).sum(1)).mean()
    assert_close(value, expected)
    weights = [each for net in (mean, scale, out) for each in net.parameters()]
    assert_close(*(torch.autograd.grad(each, weights) for each in (value, expected)))


def test_by_default_one_network_is_both() -> None:
    """What z is made of is what the divergence compares."""
    objective = f2d.compile(BOUNDS["nothing drawn"], scaffold=True, dims={"x": D})
    assert {name.split(".")[0] for name, _ in objective.named_parameters()} == {"mu", "sigma", "p_x_given_z"}
    assert objective(x=torch.randn(N, D)).loss.isfinite()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (rf"E_\epsilon[\log p(x|z)] - {KL}; z = \mu(y) + \sigma(y) \epsilon", "F2D-0579"),
        (rf"E[\log p(x|z)] - {KL}; z = \mu(x) + \sigma(x) \epsilon; \epsilon \sim U(0, 1)", "F2D-0579"),
        (rf"E_{{\epsilon \sim N(0, I)}}[\log p(x|z)] - {KL}; z = \mu(x) + f(\epsilon) \odot \epsilon", "F2D-0579"),
    ],
)
def test_another_law_is_not_put_in_its_place(text: str, code: str) -> None:
    """Of what q is not given, of other noise, or around other widths."""
    with pytest.raises(f2d.FormulaError, match=code):
        f2d.compile(text, scaffold=True, dims={"x": D, "y": D, "z": K, "epsilon": K})


def test_a_law_that_the_text_says_stays() -> None:
    text = rf"E_\epsilon[\log p(x|z)] - {KL}; z = \mu(x) + \sigma(x) \epsilon; q(z|x) = N(z; f(x), I)"
    found = f2d.compile(text, scaffold=True, dims={"x": D, "z": K, "epsilon": K}).assumptions
    assert not any("is the law of" in str(each) for each in found)
