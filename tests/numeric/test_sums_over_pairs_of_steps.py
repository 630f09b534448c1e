r"""Sums over two steps of one sequence, one of them bound by the other: ``\sum_{t=1}^T \sum_{s=t}^T``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

STEPS = 5
Pair = Callable[[int, int], bool]

SUMS: dict[str, tuple[str, Pair]] = {
    "from t on": (r"\sum_{t=1}^T \sum_{s=t}^T", lambda s, t: s >= t),
    "after t": (r"\sum_{t=1}^T \sum_{s=t+1}^T", lambda s, t: s > t),
    "two after t": (r"\sum_{t=1}^T \sum_{s=t+2}^T", lambda s, t: s >= t + 2),
    "up to t": (r"\sum_{t=1}^T \sum_{s=1}^t", lambda s, t: s <= t),
    "up to the step before": (r"\sum_{t=1}^T \sum_{s=1}^{t-1}", lambda s, t: s < t),
    "from the second to t": (r"\sum_{t=2}^T \sum_{s=2}^t", lambda s, t: 2 <= s <= t and t >= 2),
    "before t": (r"\sum_{t=1}^T \sum_{s<t}", lambda s, t: s < t),
    "at most t": (r"\sum_{t=1}^T \sum_{s \le t}", lambda s, t: s <= t),
    "pairs": (r"\sum_{s<t}", lambda s, t: s < t),
    "different ones": (r"\sum_{t=1}^T \sum_{s \ne t}", lambda s, t: s != t),
    "all": (r"\sum_{t=1}^T \sum_{s=1}^T", lambda s, t: True),
}


@pytest.mark.parametrize("name", SUMS)
def test_every_pair_once(name: str) -> None:
    """x_s and x_t do not stand alike, and neither do their numbers."""
    sums, holds = SUMS[name]
    objective = f2d.compile(rf"\min {sums} 0.9^{{s-t}} \|x_s - 2 x_t\|^2")
    torch.manual_seed(0)
    x = torch.randn(3, STEPS, 2, dtype=torch.float64, requires_grad=True)
    expected = torch.zeros(3, dtype=torch.float64)
    for t in range(1, STEPS + 1):
        for s in range(1, STEPS + 1):
            if holds(s, t):
                expected = expected + 0.9 ** (s - t) * (x[:, s - 1] - 2 * x[:, t - 1]).square().sum(-1)
    loss = objective(x=x).loss
    assert_close(loss, expected.mean(), rtol=1e-12, atol=0)
    ours, theirs = (torch.autograd.grad(each, x, retain_graph=True)[0] for each in (loss, expected.mean()))
    assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "formula",
    [
        r"\max \sum_{t=1}^T E_{\pi(a_t|s_t)}[\sum_{u=t}^T \gamma^{u-t} f(s_u, a_t)]",
        r"\max \sum_{t=1}^T (\sum_{s=t}^T \gamma^{s-t} \mathrm{sg}[f(x_s)]) \log \pi(a_t|x_t)",
        r"\max \sum_{t=1}^T \sum_{s=t+1}^T \gamma^{s-t} \log p(x_s|x_t)",
        r"\max \sum_{s<t} \log p(x_t|x_s)",
    ],
)
def test_generated_code_is_the_reference(formula: str) -> None:
    assert_defaults_agree([formula, r"\gamma = 0.9"], {"x": 3, "a": 2, "s": 3, "r": 1})
