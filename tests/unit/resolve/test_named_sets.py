"""Sums over sets that have a name, means over m examples, labels as unit vectors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import Model, assumed, codes


class Unit(nn.Module):
    """``(loc, scale)`` of a Normal in three dimensions with standard deviation 1."""

    def __init__(self) -> None:
        super().__init__()
        self.loc = nn.Linear(3, 3)

    def forward(self, given: Tensor) -> tuple[Tensor, float]:
        return self.loc(given), 1.0


LABELS = r"\frac1N \sum_{i=1}^N y_i^\top \log q(y|x)"


@pytest.mark.parametrize("weight", ["", r"\frac{1}{|\mathcal{M}|}"])
def test_some_of_the_steps(weight: str) -> None:
    text = rf"\max E_{{p_{{data}}(x_{{1:T}})}}[{weight} \sum_{{t \in \mathcal{{M}}}} \log p(x_t)]"
    law = {"p(x)": f2d.Normal(loc=0.0, scale=1.0)}
    x, chosen = torch.randn(4, 6, 3), torch.tensor([[1.0, 0, 1, 1, 0, 0]] * 2 + [[0, 0, 0, 1.0, 1, 1]] * 2)
    found = f2d.compile(text, law)(x=x, calM=chosen).value
    each = (torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(2) * chosen).sum(1)
    assert_close(found, (each / 3 if weight else each).mean())
    outside = f2d.compile(text.replace(r"\in \mathcal{M}", r"\notin \mathcal{M}"), law)
    if not weight:
        assert_close(outside(x=x, calM=1 - chosen).value, each.mean())


def test_a_set_of_steps_that_is_defined_is_refused() -> None:
    text = r"\max \sum_{t \in M} \log p(x_t|x_{t-1}); M = \{1, 2\}"
    assert codes(text, {}, scaffold=True, dims={"x": 3}) == ["F2D-0416"]


def test_a_mean_over_numbered_examples_of_a_set() -> None:
    net, x, y = Unit(), torch.randn(5, 3), torch.randn(5, 3)
    law = {"p(y|x)": f2d.Normal(net)}
    text = r"\max \frac{1}{|P|} \sum_{i \in P} \log p(y_i|x_i)"
    wanted = torch.distributions.Normal(*net(x)).log_prob(y).sum(1).mean()
    assert_close(f2d.compile(text, law)(x=x, y=y).value, wanted)
    assert "P are the examples of the data" in assumed(text, law)


@pytest.mark.parametrize("other", [r"i \notin P", r"i \in Q"])
def test_two_sets_of_examples_are_refused(other: str) -> None:
    text = rf"\min \sum_{{i \in P}} \|f(x_i)\|^2 + \sum_{{{other}}} \|f(x_i) - 1\|^2"
    assert codes(text, {}, scaffold=True, dims={"x": 3}) == ["F2D-0580"]


def test_some_of_the_entries_are_refused() -> None:
    text = r"E_{q(z|x)}[\sum_{i \in S} \log p(x_i|z)] - KL[q(z|x) \| p(z)]"
    assert codes(text, Model().bindings) == ["F2D-0581"]


@pytest.mark.parametrize(
    "text", [LABELS, LABELS.replace(r"q(y|x)", "q(y_i|x_i)"), r"E_{p_{data}(x,y)}[y^T \log q(y|x)]"]
)
def test_a_label_as_a_unit_vector(text: str) -> None:
    net, x, y = nn.Linear(3, 4), torch.randn(5, 3), torch.tensor([0, 3, 1, 1, 2])
    objective = f2d.compile(rf"\max {text}", {"q(y|x)": f2d.Categorical(logits=net)})
    assert_close(objective(x=x, y=y).loss, nn.functional.cross_entropy(net(x), y))


def test_how_many_classes_a_label_has_is_a_default() -> None:
    assert "y is one of 10 classes: nothing says how many" in assumed(LABELS, {}, scaffold=True, dims={"x": 3})
    said = assumed(rf"{LABELS}; y \in \{{1, \dots, 3\}}", {}, scaffold=True, dims={"x": 3})
    assert "10 classes" not in said


def test_a_mean_over_m_examples() -> None:
    net, x, y = Unit(), torch.randn(5, 3), torch.randn(5, 3)
    law = {"p(y|x)": f2d.Normal(net)}
    text = r"\max \frac1m \sum_{i=1}^m \log p(y_i|x_i)"
    wanted = torch.distributions.Normal(*net(x)).log_prob(y).sum(1).mean()
    assert_close(f2d.compile(text, law)(x=x, y=y).value, wanted)


@pytest.mark.parametrize(
    "text",
    [
        r"E_{q(z|y)}[\frac1M \sum_{m=1}^M \log p(x_m|z)] - KL[q(z|y) \| p(z)]",  # parts of one example
        r"\frac1M \sum_{m=1}^M \log p(x_m|y)",
        r"E_{z_{1:M} \sim q(z|x)}[\frac1M \sum_{m=1}^M \log p(x|z_m)]",  # draws
        r"\frac1M \sum_{t=1}^M \log p(x_t)",  # steps
    ],
)
def test_other_means_are_over_no_examples(text: str) -> None:
    try:
        said = assumed(rf"\max {text}", {}, scaffold=True, dims={"x": 3, "y": 3})
    except f2d.FormulaError as error:
        said = str(error)
    assert "is the number of examples" not in said
