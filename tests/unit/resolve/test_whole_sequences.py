"""A sequence that is read at steps and whole is refused: the steps of a network's result are not known."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

ELBO = r"\max \sum_{t=1}^T E_{q(z_t|h_t, z_{t-1})}[\log p(x_t|z_t) + \log p(z_t|z_{t-1}) - \log q(z_t|h_t, z_{t-1})]"


def test_a_network_of_the_whole_sequence_is_refused() -> None:
    with pytest.raises(FormulaError) as caught:
        f2d.compile([ELBO, "h = f(x)"], scaffold=True, dims={"x": 3, "z": 2})
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0405" and found.span is not None and "f(x_t)" in str(found.hint)


def test_what_stands_beside_each_step_may_be_data() -> None:
    objective = f2d.compile(ELBO, scaffold=True, dims={"x": 3, "z": 2, "h": 4})
    assert objective(**objective.example_batch(4)).loss.isfinite()
