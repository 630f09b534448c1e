"""Terms under one weight are weighed together in the loss, and one by one in what is reported."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

CLASSES, SIZE = 3, 2
DENSITIES = r"\log p(x|y) - \beta KL[q(z|x,y) \| p(z)] + \log p(y) - \log q(y|x)"


class Classified(nn.Module):
    """A network of a class, given as its number, and perhaps of a vector."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.inside, self.outputs = nn.Linear(inputs + CLASSES, outputs), outputs

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        hot = [nn.functional.one_hot(each.long(), CLASSES).double() if each.dim() < 2 else each for each in given]
        return self.inside(torch.cat(hot, -1))


class Posterior(Classified):
    """Two of its outputs are a location, two a positive scale."""

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loc, scale = super().forward(*given).chunk(2, -1)
        return loc, nn.functional.softplus(scale) + 0.1


def bindings() -> dict[str, object]:
    torch.manual_seed(0)
    return {
        "q(y|x)": f2d.Categorical(nn.Linear(SIZE, CLASSES).double()),
        "q(z|x,y)": f2d.Normal(Posterior(SIZE, 4).double()),
        "p(x|y)": f2d.Bernoulli(Classified(0, SIZE).double()),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        "p(y)": f2d.Categorical(logits=torch.tensor([0.5, 0.0, -1.0], dtype=torch.float64)),
        r"\beta": 0.7,
    }


DATA = {"x": torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)}


@pytest.mark.parametrize(
    ("formula", "line"),
    [
        (rf"\sum_y q(y|x) ({DENSITIES})", "loss = (q_y_given_x * "),
        (rf"\min \sum_y q(y|x) ({DENSITIES})", "value = (q_y_given_x * "),
        (r"\max -\sum_y q(y|x) (KL[q(z|x,y) \| p(z)] + \log q(y|x))", "loss = (q_y_given_x * "),
        (r"\min -\sum_y q(y|x) (\log p(x|y) + \log p(y))", "value = -weighed"),
        (rf"\max \log q(y=1|x) + \sum_y q(y|x) ({DENSITIES})", "loss = weighed - log_q_y_at_1_given_x"),
    ],
)
def test_the_loss_weighs_once(formula: str, line: str) -> None:
    used = {name: each for name, each in bindings().items() if name != r"\beta" or r"\beta" in formula}
    used = {name: each for name, each in used.items() if not name.startswith("p(x") or "p(x|y)" in formula}
    used = {name: each for name, each in used.items() if name != "q(z|x,y)" or "KL" in formula}
    used = {name: each for name, each in used.items() if name != "p(z)" or "KL" in formula}
    used = {name: each for name, each in used.items() if name != "p(y)" or r"\log p(y)" in formula}
    objective = assert_agrees(formula, used, DATA)
    assert line in objective.source and "with torch.no_grad():" in objective.source, objective.source


def test_what_is_reported_adds_up_and_has_no_gradient() -> None:
    objective = f2d.compile(rf"\sum_y q(y|x) ({DENSITIES})", bindings())
    beta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    out = objective(**DATA, beta=beta)
    torch.testing.assert_close(sum(out.contributions.values()), out.value.detach())
    assert not any(each.requires_grad for each in (*out.terms.values(), *out.contributions.values()))
    divergence = out.terms["q(y|x) KL[q(z|x, y) || p(z)]"]
    torch.testing.assert_close(torch.autograd.grad(out.loss, beta)[0], divergence)


def test_other_weights_and_sums_stay_apart() -> None:
    """Terms whose weights or means differ have nothing to be weighed together by."""
    objective = f2d.compile(
        [r"\sum_y q(y|x) \log p(x|y) + E_{p(y)}[\log q(y|x)] - KL[q(y|x) \| p(y)]", r"y \in \{0, 1, 2\}"],
        {name: each for name, each in bindings().items() if name in ("q(y|x)", "p(x|y)", "p(y)")},
    )
    forward = objective.source.partition("def forward")[2].partition("def ")[0]
    assert "torch.no_grad" not in forward


def test_a_learned_weight_of_a_term_reports_no_gradient() -> None:
    """What scales a term may be a tensor that wants a gradient: the loss has it, the report has not."""
    text = r"E_{q(z|x)}[\log p(x|z)] - \beta KL[q(z|x) \| p(z)]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    beta = torch.tensor(2.0, requires_grad=True)
    out = objective(x=torch.zeros(4, 3), beta=beta)
    assert out.loss.requires_grad and out.value.requires_grad
    assert not any(each.requires_grad for each in (*out.terms.values(), *out.contributions.values()))
    torch.testing.assert_close(torch.autograd.grad(out.loss, beta)[0], out.terms["KL[q(z|x) || p(z)]"])
