"""Determinants of bound matrices, and of Jacobians that are not square."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.support.reference import reference

PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
X = torch.tensor([[0.3, -1.2], [1.0, 0.4], [-0.5, 0.8]]).double()
#: Its determinant is negative: -1.43.
MATRIX = torch.tensor([[0.5, 1.2], [1.1, -0.22]]).double()

LINEAR_FLOWS: list[tuple[str | Sequence[str], float]] = [
    (r"\max \log p_z(W x) + \log|\det W|", 1.0),
    (r"\max \log p_z(W x) + \log|\det(W)|", 1.0),
    (r"\max \log p_z(W x) + \log \det W", 1.0),
    (r"\max \log p_z(W x) + \log|W|", 1.0),
    (r"\max \log p_z(W x) |\det W|", 1.0),
    (r"\max \log p_z(W x) + h w \log|\det W|", 6.0),
    (r"\max \log p_z(W x) - \log|\det W^{-1}|", 1.0),
    (r"\max \log p_z(W x) + \frac12 \log|\det W W^\top|", 1.0),
    (r"\max \log p_z(W x) + \log|\det W^\top|", 1.0),
    ([r"\max \log p_z(z) + \log|\det W|", "z = W x"], 1.0),
]


@pytest.mark.parametrize("learned", [False, True], ids=["constant", "parameter"])
@pytest.mark.parametrize(("formula", "times"), LINEAR_FLOWS, ids=lambda each: str(each)[:50])
def test_a_linear_flow(formula: str | Sequence[str], times: float, learned: bool) -> None:
    matrix: Tensor = nn.Parameter(MATRIX.clone()) if learned else MATRIX
    more = {"h": 2.0, "w": 3.0} if times != 1 else {}
    bindings = {"W": matrix, "p_z(z)": PRIOR, **more}
    out = f2d.compile(formula, bindings)(x=X)
    normal = torch.distributions.Normal(0.0, 1.0)
    by_hand = normal.log_prob(X @ matrix.T).sum(-1).mean() + times * torch.linalg.det(matrix).abs().log()
    expected = reference(formula, bindings, {"x": X}, {}).run()
    torch.testing.assert_close(out.value, by_hand)
    torch.testing.assert_close(out.value, expected.value)
    if learned:
        gradients = [torch.autograd.grad(each, matrix)[0] for each in (out.value, by_hand, expected.value)]
        torch.testing.assert_close(gradients[0], gradients[1])
        torch.testing.assert_close(gradients[0], gradients[2])


def test_the_volume_outside_a_log() -> None:
    out = f2d.compile(r"\min \|W x\|^2 + |\det W|", {"W": MATRIX})(x=X)
    torch.testing.assert_close(out.value, (X @ MATRIX.T).square().sum(-1).mean() + 1.43)


def test_a_determinant_without_bars_is_an_assumption() -> None:
    objective = f2d.compile(LINEAR_FLOWS[2][0], {"W": MATRIX, "p_z(z)": PRIOR})
    assert any("absolute value" in each for each in objective.assumptions)


def test_what_is_not_square_is_refused() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(r"\min \|W x\|^2 + \log|\det W|", {"W": torch.ones(2, 3)})
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0234" and "2 x 3" in found.message


JACOBIAN = r"\log p(f(x)) + \log |\det \frac{\partial f(x)}{\partial x}|"


def test_a_jacobian_that_is_not_square_is_refused_where_the_sizes_are_known() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(JACOBIAN, {"f": nn.Linear(3, 2), "p(z)": PRIOR}, dims={"x": 3})
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0234" and "from 3 dimensions to 2" in found.message and found.span is not None


def test_a_jacobian_that_is_not_square_is_refused_at_the_first_batch() -> None:
    objective = f2d.compile(JACOBIAN, {"f": nn.Linear(3, 2), "p(z)": f2d.Normal(loc=0.0, scale=1.0)})
    with pytest.raises(f2d.FormulaError) as caught:
        objective(x=torch.zeros(4, 3))
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0607" and "(3,) to (2,)" in found.message and found.span is not None
