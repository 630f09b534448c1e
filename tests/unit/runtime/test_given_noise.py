"""Noise that the caller gives: what fits is spread over its draw, what does not is refused with the draw's name."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

X = torch.zeros(4, 5)


def objective() -> f2d.Objective:
    bindings = {
        "q(z|x)": f2d.Normal(loc=nn.Linear(5, 3), scale=1.0),
        "p(x|z)": f2d.Normal(loc=nn.Linear(3, 5), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3),
    }
    return f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bindings, samples=2)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (1, 4, 3)])
def test_missing_leading_axes_are_shared(shape: tuple[int, ...]) -> None:
    assert objective()(x=X, noise={"z": torch.zeros(shape)}).loss.isfinite()


@pytest.mark.parametrize("shape", [(4, 2), (5, 3), (2, 2, 4, 3), (2, 5, 3)])
def test_another_shape_is_refused_with_the_one_that_is_wanted(shape: tuple[int, ...]) -> None:
    with pytest.raises(FormulaError) as caught:
        objective()(x=X, noise={"z": torch.zeros(shape)})
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0606" and found.span is not None
    assert str(shape) in found.message and "[draws: 2, batch: 4, 3]" in found.message


@pytest.mark.parametrize(
    ("noise", "code", "words"),
    [
        ({"zz": torch.zeros(3)}, "F2D-0604", "did you mean z?"),
        ({1: torch.zeros(3)}, "F2D-0604", "'1'"),
        ({"z": 1.0}, "F2D-0603", "float"),
        ([torch.zeros(3)], "F2D-0603", "list"),
    ],
)
def test_slips_have_a_code(noise: object, code: str, words: str) -> None:
    for call in (lambda: objective()(x=X, noise=noise), lambda: objective().sample(2, noise=noise)):
        with pytest.raises(FormulaError) as caught:
            call()
        (found,) = caught.value.diagnostics
        assert found.code == code and words in f"{found.message} {found.hint}"


def test_a_models_own_draws_are_compared_too() -> None:
    model = objective()
    assert model.sample(2, noise={"z": torch.zeros(2, 3)})["z"].shape == (2, 3)
    for wrong in (lambda: model.sample(2, noise={"z": torch.zeros(4, 3)}), lambda: _sampled(torch.zeros(4, 3))):
        with pytest.raises(FormulaError) as caught:
            wrong()
        (found,) = caught.value.diagnostics
        assert found.code == "F2D-0606" and "(2, 3)" in found.message


def _sampled(noise: Tensor) -> dict[str, Tensor]:
    law = f2d.distribution("p(z)", {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3)})
    return law.sample(2, noise={"z": noise})
