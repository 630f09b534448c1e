r"""Consistency losses, whose target is a moving average of the network: written by hand (Song et al. 2023)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

N, D, LEVELS, DECAY = 4, 2, 20, 0.9
TEXT = [
    r"\min_\theta E_{x,n,z}[\|f_\theta(x + t_{n+1} z, t_{n+1}) - f_{\bar\theta}(x + t_n z, t_n)\|^2]",
    r"z \sim N(0,I); n \sim U\{1,N-1\}; x \sim p_{data}; t_n = 0.002 + n/N; N=20",
]
MOVING = r"\bar\theta \leftarrow 0.9 \bar\theta + 0.1 \theta"
STOPPED = TEXT[0].replace(r"- f_{\bar\theta}(x + t_n z, t_n)", r"- \mathrm{sg}[f_\theta(x + t_n z, t_n)]")


class Network(nn.Module):
    """With f(x, least) = x, by skips (equation 5)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(D + 1, D).double()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        t = t[:, None].to(x.dtype)
        return x / (1 + t) + t * torch.tanh(self.layer(torch.cat([x, t], 1)))


def by_hand(online: nn.Module, target: nn.Module, x: Tensor, n: Tensor, z: Tensor) -> Tensor:
    later, earlier = (0.002 + (n + 1) / LEVELS, 0.002 + n / LEVELS)
    with torch.no_grad():
        wanted = target(x + earlier[:, None] * z, earlier)
    return ((online(x + later[:, None] * z, later) - wanted) ** 2).sum(1).mean()


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(N, D).double(), torch.tensor([1.0, 4.0, 10.0, 19.0]).double(), torch.randn(N, D).double()


def test_the_target_is_a_moving_average_and_nothing_trains_it() -> None:
    net, copy = Network(), Network()
    o = f2d.compile([*TEXT, MOVING], {r"f_\theta": net})
    optimiser, (x, n, z) = torch.optim.SGD(o.parameters(), lr=0.1), drawn()
    assert [name for name, _ in o.named_parameters()] == ["f_theta.layer.weight", "f_theta.layer.bias"]
    for _ in range(3):
        loss = o(x=x, noise={"n": n, "z": z}).loss
        expected = by_hand(net, copy, x, n, z)
        assert_close(loss, expected)
        found = torch.autograd.grad(loss, list(net.parameters()))
        assert_close(found, torch.autograd.grad(expected, list(net.parameters())))
        for each, gradient in zip(net.parameters(), found, strict=True):
            each.grad = gradient
        optimiser.step()
        o.update_targets()
        with torch.no_grad():
            for mine, theirs in zip(copy.parameters(), net.parameters(), strict=True):
                mine.mul_(DECAY).add_(theirs, alpha=1 - DECAY)


@pytest.mark.parametrize("text", [[*TEXT, MOVING], [STOPPED, TEXT[1]]])
def test_the_loss_is_the_reference_s(text: list[str]) -> None:
    assert_agrees(text, {r"f_\theta": Network()}, {"x": drawn()[0]})


def test_the_stopped_network_is_its_own_target() -> None:
    net, (x, n, z) = Network(), drawn()
    o = f2d.compile([STOPPED, TEXT[1]], {r"f_\theta": net})
    assert_close(o(x=x, noise={"n": n, "z": z}).loss, by_hand(net, net, x, n, z))
