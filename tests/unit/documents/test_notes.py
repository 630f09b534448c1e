r"""Notes that say one thing several times, or in several ways: what a chosen display takes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d

PATH = r"""
Let $d z/dt = f(z(t), t)$ be an equation. With a network for it,

$$ \log p_\phi(x, T) = \log p_{prior}(z(0)) - \int_0^T \nabla_z \cdot v_\phi(z(t), t) dt $$

where $x = z(T)$. We maximise

$$ L(\phi) = \mathbb{E}_{x \sim p_{data}} \log p_\phi(x, T) $$

along $\frac{dz}{dt} = v_\phi(z, t)$. To sample, draw $z(0) \sim p_{prior}(z)$ and go from $t = 0$ to $t = T$:

$$ \frac{dz(t)}{dt} = v_\phi(z, t) $$

The sample is $x = z(T)$.
"""
FLOWS = r"""
$$ \mathcal{L}(\theta) = \mathbb{E}_{t \sim U[0,1], x_1 \sim q(x_1), x \sim p_t(x|x_1)} \|v_t(x) - u_t(x|x_1)\|^2 $$

$$ p_t(x|x_1) = \mathcal{N}(x| \mu_t(x_1), \sigma_t(x_1)^2 I) $$

$$ u_t(x|x_1)=\frac{\sigma_t^{'}(x_1)}{\sigma_t(x_1)}(x-\mu_t(x_1))+\mu_t^{'}(x_1) $$

One way is

$$ \mu_t(x_1) = x_1, \quad \sigma_t(x_1) = c_{1-t} $$

another

$$ \mu_t(x_1) = t x_1, \quad \sigma_t(x_1) = 1 - (1 - s) t $$
"""


class Shrinking(nn.Module):
    """The velocity a z, whose path is z(t) = e^{a t} z(0)."""

    def forward(self, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return -0.7 * z


@pytest.mark.parametrize("label", ["2", "4"])
def test_the_equation_whose_function_a_display_reads(tmp_path: Path, label: str) -> None:
    r"""log p(x) = log N(e^{0.7} x; 0, I) + 0.7 d, either by the written integral or by what follows."""
    (tmp_path / "note.md").write_text(PATH, "utf-8")
    objective: Any = f2d.compile(
        tmp_path / "note.md", {r"v_\phi": Shrinking()}, labels=label, scaffold=True, dims={"x": 2}
    )
    x = torch.randn(5, 2)
    expected = (torch.distributions.Normal(0.0, 1.0).log_prob(2.7182818**0.7 * x).sum(-1) + 0.7 * 2).mean()
    assert_close(objective(x=x).value, expected, rtol=1e-4, atol=1e-4)


def test_two_ways_and_the_one_that_is_chosen(tmp_path: Path) -> None:
    """Lipman et al. 2022, with s = 0: x = (1 - t) e + t x_1, and (x_1 - x) / (1 - t) = x_1 - e."""
    (tmp_path / "note.md").write_text(FLOWS, "utf-8")
    with pytest.raises(f2d.FormulaError):
        f2d.compile(tmp_path / "note.md", labels="1", scaffold=True, dims={"x": 2, "x_1": 2})

    class Velocity(nn.Module):
        def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            return x * t[:, None]

    objective: Any = f2d.compile(
        tmp_path / "note.md", {"v": Velocity(), "s": 0.0}, labels=["1", "5"], scaffold=True, dims={"x": 2, "x_1": 2}
    )
    assert any("v(x, t)" in str(each) for each in objective.assumptions)
    x_1, e, t = torch.randn(4, 2), torch.randn(4, 2), torch.rand(4)
    x = (1 - t)[:, None] * e + t[:, None] * x_1
    expected = (x * t[:, None] - (x_1 - e)).square().sum(-1).mean()
    assert_close(objective(x_1=x_1, noise={"t": t, "x": e}).loss, expected)


@pytest.mark.parametrize("base", [r"z \sim p_{prior}", r"z \sim p_{prior}(z)", r"z \sim p(z)"])
def test_a_flow_starts_from_a_density_by_its_name(base: str) -> None:
    """x = 2 z: log p(x) = log N(x / 2; 0, 1) - d log 2."""

    class Twice(nn.Module):
        def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return 2 * z, torch.full(z.shape[:1], 2 * torch.tensor(2.0).log().item())

        def inverse(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x / 2, torch.full(x.shape[:1], -2 * torch.tensor(2.0).log().item())

    text = [r"\max E_{x \sim p_{data}}[\log p_\phi(x)]", "x = f(z)", base]
    x = torch.randn(6, 2)
    value = f2d.compile(text, {"f": Twice()}, scaffold=True, dims={"x": 2})(x=x).value
    expected = torch.distributions.Normal(0.0, 2.0).log_prob(x).sum(-1).mean()
    assert_close(value, expected)


def test_parameters_of_a_density_that_is_declared_without_them() -> None:
    r"""p(x|z) = ... beside \log p_\theta(x|z): theta trains it."""
    text = [
        r"p(x|z) = N(\mu(z), \sigma(z))",
        r"\log p_\theta(x) \ge ELBO(x; \theta, \phi) = E_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL(q_\phi(z|x) \| p(z))",
    ]
    objective: Any = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    objective(x=torch.randn(4, 3)).loss.backward()
    assert all(each.grad is not None for each in objective.parameters())
    only = f2d.compile([text[0], rf"\max_\phi {text[1].split('=', 1)[1]}"], scaffold=True, dims={"x": 3, "z": 2})
    assert any("held constant: only phi" in str(each) for each in only.assumptions)


def test_a_default_network_of_a_time_below_its_letter_reads_it() -> None:
    text = r"\min E_{t \sim U(0,1), x_1 \sim q(x_1), x \sim p_t(x|x_1)} \|v_t(x) - x_1\|^2"
    law = r"p_t(x|x_1) = N(x; t x_1, (1-t)^2 I)"
    objective = f2d.compile([text, law], scaffold=True, dims={"x_1": 2, "x": 2})
    assert any("v_t(x) is v(x, t), one network for all times" in str(each) for each in objective.assumptions)
