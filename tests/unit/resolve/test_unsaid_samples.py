"""Averages over samples of which nothing says what they are drawn from, and capitals for what is drawn."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from tests.support.agreement import assert_agrees
from tests.support.small import Model, assumed, codes

AVERAGE = r"\frac1L \sum_{l=1}^L"
WRITTEN = [
    rf"\max -KL[q(z|x) \| p(z)] + {AVERAGE} \log p(x|z^{{(l)}})",
    rf"\max -KL[q(z|x) \| p(z)] + {AVERAGE} \log p(x|z_l)",
    rf"\max -KL[q(z|x^{{(i)}}) \| p(z)] + {AVERAGE} \log p(x^{{(i)}}|z^{{(i,l)}})",
    r"\max -KL[q(z|x) \| p(z)] + \frac{\sum_{l=1}^L \log p(x|z^{(l)})}{L}",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_samples_are_drawn_from_the_approximation(written: str) -> None:
    model = Model()
    noise = torch.randn(4, 3, 2)
    data = {"x_i" if "(i)" in written else "x": model.x}
    objective = assert_agrees(written, {**model.bindings, "L": 4}, data)
    found = objective(data, noise={"z": noise}).value
    each = [model.log_p(model.z(noise[draw])) for draw in range(4)]
    spaced = [written, r"z \in \mathbb{R}^2"]
    assert "what the samples are drawn from" in assumed(spaced, {**model.bindings, "L": 4})
    assert_close(found, (torch.stack(each).mean(0) - model.kl()).mean())
    assert "nothing else says what the samples are drawn from" in assumed(written, {**model.bindings, "L": 4})


@pytest.mark.parametrize(
    "formula",
    [
        rf"\max {AVERAGE} [q(z^{{(i,l)}}|x^{{(i)}}) - p(z^{{(i,l)}}) + \log p(x^{{(i)}}|z^{{(i,l)}})]",
        r"\max -KL[q(z|x) \| p(z)] + \sum_{l=1}^L \log p(x|z^{(l)})",  # no average
        rf"\max -KL[q(z|x) \| p(z)] - KL[q(z|y) \| p(z)] + {AVERAGE} \log p(x|z^{{(l)}})",
        rf"\max -KL[q(z|x^{{(i)}}) \| p(z)] + {AVERAGE} \log p(x^{{(i)}}|z^{{(j,l)}})",
    ],
)
def test_where_nothing_tells(formula: str) -> None:
    assert codes(formula, {}, scaffold=True, dims={"x": 2, "y": 2}) != []


def test_a_capital_is_what_the_expectation_draws() -> None:
    model = Model()
    text = r"\max E_{q(z|x)}[\log p(x|Z)] - KL[q(z|x) \| p(z)]"
    assert_close(model.value(text), (model.log_p(model.z()) - model.kl()).mean())
    assert "Z is z, which the expectation draws" in assumed(text, model.bindings)


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E_{q(z|x)}[\log p(x|z, Z)]",
        [r"\max E_{q(z|x)}[\log p(x|Z)] - KL[q(z|x) \| p(z)]", r"Z \in \mathbb{R}^2"],
        r"\max E_{q(z|x)}[\log p(x|Z)] + \log p(Z)",
    ],
)
def test_a_capital_that_is_something_else(formula: str | list[str]) -> None:
    assert "which the expectation draws" not in assumed(formula, {}, scaffold=True, dims={"x": 2})
