r"""What is said at one time and read at others: ``x_t = x_0 + t z`` beside ``x_{t-s}``, ``x_{t_n}`` at ``n + 1``."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

N, D = 5, 3


def rows(seed: int) -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Net(nn.Module):
    """w x + b t."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor(-1.3, dtype=torch.float64))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.w * x + self.b * t.reshape(-1, 1)


@pytest.mark.parametrize(
    "said",
    [
        (r"x_{t_{n+1}}", r"t_{n+1}", r"x_{t_n}", "t_n", r"x_{t_n} = x_0 + t_n z; t_n = n/N"),
        (r"x_{t_n}", "t_n", r"x_{t_{n-1}}", r"t_{n-1}", r"x_{t_n} = x_0 + t_n z; t_n = n/N"),
        (r"x_{t_{n+1}}", r"t_{n+1}", r"x_{t_n}", "t_n", r"x_t = x_0 + t z; t_n = n/N"),
        (r"x_{t_{n+1}}", r"t_{n+1}", r"x_{t_n}", "t_n", r"x_{t_i} = x_0 + t_i z; t_n = n/N"),
    ],
)
def test_points_at_neighbouring_steps_are_of_one_path(said: tuple[str, str, str, str, str]) -> None:
    later, time, sooner, before, statements = said
    text = (
        r"\min_\theta E_{x_0, z \sim N(0, I), n \sim U\{2, N - 1\}}"
        rf"\|f_\theta({later}, {time}) - f_\theta({sooner}, {before})\|^2; {statements}; N = 10"
    )
    net, x, z = Net(), rows(1), rows(2)
    n = torch.tensor([2.0, 5.0, 3.0, 9.0, 8.0], dtype=torch.float64)
    o: Any = f2d.compile(text, {"f_theta": net}, scaffold=True, dims={"x_0": D, "z": D})
    assert [each.name for each in o.program.inputs] == ["x_0"]
    loss = o(x_0=x, noise={"n": n, "z": z}).loss
    found = torch.autograd.grad(loss, [net.w, net.b])
    last = ((n + 1) / 10 if "+" in time else n / 10)[:, None]
    rest = net(x + last * z, last) - net(x + (last - 0.1) * z, last - 0.1)
    assert_close(loss, rest.square().sum(-1).mean())
    assert_close(found, torch.autograd.grad(rest.square().sum(-1).mean(), [net.w, net.b]))
    assert_close(loss, (0.7 * 0.1 * z - 1.3 * 0.1).square().sum(-1).mean())


@pytest.mark.parametrize(
    ("there", "statements", "other"),
    [
        ("t-d", "x_t = x_0 + t z; d = 0.25", lambda t: t - 0.25),
        ("t/2", "x_t = x_0 + t z", lambda t: t / 2),
        ("1-t", "x_t = x_0 + t z", lambda t: 1 - t),
        ("r", "x_t = x_0 + t z; r = t^2", lambda t: t**2),
        ("t'", "x_t = x_0 + t z; t' = t^2", lambda t: t**2),
        ("0.5", "x_t = x_0 + t z", lambda t: torch.full_like(t, 0.5)),
        ("t-d", "x_t = x_0 + a_t z; a_t = t; d = 0.25", lambda t: t - 0.25),
        ("t-d", "x_t = x_0 + a(t) z; a(t) = t; d = 0.25", lambda t: t - 0.25),
    ],
)
def test_points_of_a_path_at_other_times(there: str, statements: str, other: Any) -> None:
    text = (
        r"\min_\theta E_{x_0, z \sim N(0, I), t \sim U(0, 1)}"
        rf"\|f_\theta(x_t, t) - f_\theta(x_{{{there}}}, {there})\|^2; {statements}"
    )
    net, x, z = Net(), rows(1), rows(2)
    t = torch.tensor([0.3, 0.5, 0.4, 0.9, 0.8], dtype=torch.float64)
    o: Any = f2d.compile(text, {"f_theta": net}, scaffold=True, dims={"x_0": D, "z": D})
    assert [each.name for each in o.program.inputs] == ["x_0"]
    loss = o(x_0=x, noise={"t": t, "z": z}).loss
    found = torch.autograd.grad(loss, [net.w, net.b])
    now, then = t[:, None], other(t)[:, None]
    rest = net(x + now * z, now) - net(x + then * z, then)
    assert_close(loss, rest.square().sum(-1).mean())
    assert_close(found, torch.autograd.grad(rest.square().sum(-1).mean(), [net.w, net.b]))


def test_what_is_drawn_at_each_time_is_not_known_at_another() -> None:
    text = (
        r"\min_\theta E_{x_0, \epsilon_t \sim N(0, I), t \sim U(0, 1)}"
        r"\|f_\theta(x_t, t) - f_\theta(x_{t-s}, t-s)\|^2; x_t = x_0 + t \epsilon_t; s = 0.1"
    )
    with pytest.raises(FormulaError, match="F2D-0614"):
        f2d.compile(text, scaffold=True, dims={"x_0": D})


def test_what_a_text_draws_or_says_at_another_time_stays() -> None:
    text = (
        r"\min_\theta E_{x_0, z \sim N(0, I), t \sim U(0, 1)}"
        r"\|f_\theta(x_t, t) - f_\theta(x_{t-s}, t-s)\|^2; x_t = x_0 + t z; x_{t-s} = x_0 - z; s = 0.1"
    )
    net, x, z = Net(), rows(1), rows(2)
    t = torch.tensor([0.3, 0.5, 0.4, 0.9, 0.8], dtype=torch.float64)
    o: Any = f2d.compile(text, {"f_theta": net}, scaffold=True, dims={"x_0": D, "z": D})
    now = t[:, None]
    rest = net(x + now * z, now) - net(x - z, now - 0.1)
    assert_close(o(x_0=x, noise={"t": t, "z": z}).loss, rest.square().sum(-1).mean())
