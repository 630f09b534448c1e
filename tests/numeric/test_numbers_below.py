r"""Networks at a number that is drawn, written below them: ``D_\sigma(x + \sigma n)`` reads sigma."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D = 5, 3


def rows(seed: int) -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Net(nn.Module):
    """w x + b t: reads a point and a number."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor(-1.3, dtype=torch.float64))

    def forward(self, x: Tensor, *numbers: Tensor) -> Tensor:
        assert len(numbers) == 1
        return self.w * x + self.b * numbers[0][:, None]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (r"\min_\theta E_{s \sim U(0, 1), x, n \sim N(0, I)}\|D_s(x + s n) - x\|^2", "D"),
        (r"\min_\theta E_{\sigma \sim U(0, 1), x, n \sim N(0, I)}\|D_\sigma(x + \sigma n) - x\|^2", "D"),
        ("min E_{σ ~ U(0, 1), x, n ~ N(0, I)} ||D_σ(x + σ n) - x||^2", "D"),
        (r"\min_\theta E_{\sigma \sim U(0, 1), x, n \sim N(0, I)}\|D_{\theta,\sigma}(x + \sigma n) - x\|^2", "D_theta"),
        (r"\min_\theta E_{a \sim U(0, 1), x, n \sim N(0, I)}\|D_a(x + a n, a) - x\|^2", "D"),
        (r"\min_\theta E_{\sigma, x, n}\|D_\sigma(x + \sigma n) - x\|^2; \sigma \sim U(0, 1); n \sim N(0, I)", "D"),
        (
            r"\min_\theta E_{t \sim U(0, 1), x, n \sim N(0, I)}\|D_{\sigma_t}(x + \sigma_t n) - x\|^2; \sigma_t = t",
            "D",
        ),
        (
            r"\min_\theta E_{t \sim U(0, 1), x, n \sim N(0, I)}"
            r"\|D_{\sigma(t)}(x + \sigma(t) n) - x\|^2; \sigma(t) = t",
            "D",
        ),
        (r"\min_\theta E_{t \sim U(0, 1), x, n \sim N(0, I)}\|v_t(x + t n, t) - x\|^2", "v"),
        (r"\min_\theta E_{t \sim U(0, 1), x, n \sim N(0, I)}\|v_{\theta,t}(x_t) - x\|^2; x_t = x + t n", "v_theta"),
    ],
)
def test_a_network_at_a_drawn_number_reads_it(text: str, name: str) -> None:
    net, x, n = Net(), rows(1), rows(2)
    number = torch.tensor([0.1, 0.4, 0.2, 0.9, 0.6], dtype=torch.float64)
    o: Any = f2d.compile(text, {name: net}, scaffold=True, dims={"x": D, "n": D})
    (drawn,) = [each.name for each in o.program.sites if each.name != "n"]
    loss = o(x=x, noise={drawn: number, "n": n}).loss
    found = torch.autograd.grad(loss, [net.w, net.b])
    level = number[:, None]
    rest = 0.7 * (x + level * n) - 1.3 * level - x
    assert_close(loss, rest.square().sum(-1).mean())
    assert_close(found[0], (2 * rest * (x + level * n)).sum(-1).mean())
    assert_close(found[1], (2 * rest * level).sum(-1).mean())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (r"\min_\theta E_{x, a \sim U(0, 1)}[\|f(x) - D_a(a)\|^2]", {"f", "D_a"}),
        (r"\min_\theta E_{x, z \sim U(0, 1)}[\|f_z(x) - G(z)\|^2]", {"f_z", "G"}),
        (r"\min_\theta E_{x, y}\|f_\sigma(x) - y\|^2", {"f_sigma"}),
        (r"\min_\theta E_{\theta \sim U(0, 1), x}\|f_\theta(x) - \theta x\|^2", {"f_theta"}),
    ],
)
def test_labels_stay_labels(text: str, names: set[str]) -> None:
    o: Any = f2d.compile(text, scaffold=True, dims={"x": D, "y": D})
    assert {each.name for each in o.program.networks} == names


def test_a_network_bound_with_its_subscript_stays_one() -> None:
    net, x = nn.Linear(D, D).double(), rows(1)
    text = r"\min_\theta E_{\sigma \sim U(0, 1), x}\|D_\sigma(x) - \sigma x\|^2"
    o: Any = f2d.compile(text, {"D_sigma": net}, scaffold=True, dims={"x": D})
    number = torch.linspace(0, 1, N, dtype=torch.float64)
    loss = o(x=x, noise={"sigma": number}).loss
    assert_close(loss, (net(x) - number[:, None] * x).square().sum(-1).mean())
