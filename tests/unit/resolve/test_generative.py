"""The model's own draws: prior first, data last, only where nothing is missing."""

from __future__ import annotations

import formula2dgm as f2d
from tests.support.small import Gaussian, Model, program

ELBO = r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]"


def drawn(formula: str, bindings: dict[str, object]) -> list[str]:
    return [name for name, _ in program(formula, bindings).generative]


def sized(bindings: dict[str, object]) -> dict[str, object]:
    return {**bindings, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}


def test_prior_then_data() -> None:
    assert drawn(ELBO, sized(Model().bindings)) == ["z", "x"]


def test_an_unsized_prior_cannot_be_drawn() -> None:
    assert drawn(ELBO, Model().bindings) == []


def test_a_hierarchy_from_the_top() -> None:
    bindings = {
        "q(z_1|x)": f2d.Normal(Gaussian(2)),
        "q(z_2|z_1)": f2d.Normal(Gaussian(2)),
        "p(z_2)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        "p(z_1|z_2)": f2d.Normal(Gaussian(2)),
        "p(x|z_1)": f2d.Normal(Gaussian(2)),
    }
    formula = r"\max E_{q(z_1|x) q(z_2|z_1)}[\log p(x,z_1,z_2) - \log q(z_1,z_2|x)]"
    assert drawn(formula, bindings) == ["z_2", "z_1", "x"]


def test_a_conditional_model_needs_its_condition() -> None:
    """p(x|z,y) p(z|y) cannot be drawn without y."""
    bindings = {
        "q(z|x,y)": f2d.Normal(Gaussian(2, 2)),
        "p(x|z,y)": f2d.Normal(Gaussian(2, 2)),
        "p(z|y)": f2d.Normal(Gaussian(2)),
    }
    assert drawn(r"\max E_{q(z|x,y)}[\log p(x|z,y)] - KL[q(z|x,y)||p(z|y)]", bindings) == []


def test_posteriors_take_no_part() -> None:
    found = program(ELBO, sized(Model().bindings))
    assert [each.label for each in found.model] == ["p(z)", "p(x|z)"]
