"""What equations in differentials say, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d


class Nothing(nn.Module):
    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return 0 * x


@pytest.mark.parametrize(("kernel", "at"), [(r"p_t(x|x_0)", "x"), (r"p(x_t|x_0)", "x_t")])
def test_the_kernel_of_a_process_that_forgets(kernel: str, at: str) -> None:
    score = rf"\|s_\theta({at},t) - \nabla_{{{at}}} \log {kernel}\|^2"
    process = r"dx = -x\,dt + \sqrt2\,dw; t \sim U(0,1)"
    text = rf"\min_\theta \mathbb{{E}}_{{t,x_0}} \mathbb{{E}}_{{{kernel}}} {score}"
    objective = f2d.compile(f"{text}; {process}", {r"s_\theta": Nothing()})
    t = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    noise, x = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    loss = objective(x_0=x, noise={"t": t, at: noise}).loss
    torch.testing.assert_close(loss, ((noise**2).sum(1) / (1 - torch.exp(-2 * t))).mean())
