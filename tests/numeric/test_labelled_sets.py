r"""Sums over the examples in a set and outside of it: labelled and unlabelled data, against code written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import assumed, codes

LABELLED = r"E_{q(z_i|x_i, y_i)} \log \frac{p(x_i|y_i, z_i) p(y_i) p(z_i)}{q(z_i|x_i, y_i)}"
UNLABELLED = r"E_{q(y_i|x_i)} E_{q(z_i|x_i, y_i)} \log \frac{p(x_i|y_i, z_i) p(y_i) p(z_i)}{q(z_i|x_i, y_i) q(y_i|x_i)}"
OVER_NUMBERS = [
    rf"\max \sum_{{i \in P}} {LABELLED} + \sum_{{i \notin P}} {UNLABELLED}",
    r"y_i \in \{1, \dots, 3\}",
]
NUMBERS = {"N_l": 3, "N_u": 5}


class Model(nn.Module):
    """q(z|x, y) and q(y|x); p(x|y, z) with a unit variance."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.z, self.y, self.x = nn.Linear(7, 2), nn.Linear(4, 3), nn.Linear(5, 4)
        self.prior = torch.tensor([0.2, 0.5, 0.3])
        self.double()

    def bindings(self) -> dict[str, object]:
        return {
            "q(z|x,y)": f2d.Normal(loc=Joined(self.z), scale=1.0),
            "q(y|x)": f2d.Categorical(logits=self.y),
            "p(x|y,z)": f2d.Normal(loc=Joined(self.x), scale=1.0),
            "p(y)": f2d.Categorical(probs=self.prior),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        }

    def bound(self, x: Tensor, y: Tensor, noise: Tensor) -> Tensor:
        """log p(x, y, z) - log q(z|x, y) at the draw of z, for each example."""
        one_hot = nn.functional.one_hot(y, 3).double()
        law = td.Normal(self.z(torch.cat([x, one_hot], 1)), 1.0)
        z = law.loc + noise
        score = td.Normal(self.x(torch.cat([one_hot, z], 1)), 1.0).log_prob(x).sum(1)
        return score + self.prior.log()[y] + td.Normal(0.0, 1.0).log_prob(z).sum(1) - law.log_prob(z).sum(1)


class Joined(nn.Module):
    """A layer over its inputs side by side, classes as unit vectors."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *given: Tensor) -> Tensor:
        wide = [nn.functional.one_hot(each.long(), 3).double() if each.dim() == 1 else each for each in given]
        return self.layer(torch.cat([each.double() for each in wide], 1))


def data() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {
        "x_l": torch.randn(2, 4).double(),
        "y": torch.tensor([2, 0]),
        "x_u": torch.randn(6, 4).double(),
    }


def test_a_set_and_its_complement_are_two_data_sets() -> None:
    model, batch = Model(), data()
    bound = {**model.bindings(), **NUMBERS}
    objective = f2d.compile(OVER_NUMBERS, bound)
    assert sorted(each.name for each in objective.inputs) == ["x_l", "x_u", "y"]
    labelled, unlabelled = torch.randn(2, 2).double(), torch.randn(3, 6, 2).double()
    noise = {"q(z|x, y)": labelled, "q(z|x, y)#2": unlabelled}
    known = model.bound(batch["x_l"], batch["y"], labelled).mean()
    logits = model.y(batch["x_u"]).log_softmax(1)
    every = [
        logits.exp()[:, y] * (model.bound(batch["x_u"], torch.full((6,), y), unlabelled[y]) - logits[:, y])
        for y in range(3)
    ]
    expected = 3 / 8 * known + 5 / 8 * sum(every).mean()
    value = objective(**batch, noise=noise).value
    judge = reference(OVER_NUMBERS, bound, batch, noise).run().value
    assert_close(value, expected)
    assert_close(judge, expected)
    weights = list(model.parameters())
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad(expected, weights))


def test_weights_and_signs_of_the_sums() -> None:
    model, batch = Model(), data()
    text = [
        r"\min -\sum_{i \in P} \log q(y_i|x_i) - 2 \sum_{i \notin P} E_{q(y_i|x_i)}[\log q(y_i|x_i)]",
        r"y_i \in \{1, \dots, 3\}; N_l = 3; N_u = 5",
    ]
    found = f2d.compile(text, {"q(y|x)": f2d.Categorical(logits=model.y)})(**batch).value
    known, open_ = model.y(batch["x_l"]).log_softmax(1), model.y(batch["x_u"]).log_softmax(1)
    negentropy = (open_.exp() * open_).sum(1).mean()
    assert_close(found, -3 / 8 * known[torch.arange(2), batch["y"]].mean() - 2 * 5 / 8 * negentropy)


def test_named_data_sets_with_numbers() -> None:
    model, batch = Model(), data()
    text = r"\max \sum_{x \in \mathcal{D}_u} H(q(y|x)) + \sum_{(x,y) \in \mathcal{D}_l} \log q(y|x)"
    bound = {"q(y|x)": f2d.Categorical(logits=model.y), **NUMBERS}
    entropy = td.Categorical(logits=model.y(batch["x_u"])).entropy().mean()
    known = model.y(batch["x_l"]).log_softmax(1)[torch.arange(2), batch["y"]].mean()
    assert_close(f2d.compile([text, r"y \in \{1, \dots, 3\}"], bound)(**batch).value, 5 / 8 * entropy + 3 / 8 * known)


def test_without_numbers_the_sums_are_refused() -> None:
    assert codes(OVER_NUMBERS, Model().bindings()) == ["F2D-0415"]
    assert codes(OVER_NUMBERS, {**Model().bindings(), "N_l": 3}) == ["F2D-0415"]


def test_numbers_by_default() -> None:
    said = assumed(OVER_NUMBERS, {}, scaffold=True, dims={"x": 4, "z": 2})
    assert "the examples in P have labels: they are the data set calD_l of" in said
    assert "the examples outside of P have none: they are the data set calD_u of (x)" in said
    assert "N_l is 1.0" in said and "N_u is 1.0" in said


@pytest.mark.parametrize(
    "text",
    [
        r"\min \sum_{i \in P} \|f(x_i) - y_i\|^2 + \sum_{i \notin P} \|f(x_i)\|^2",  # y is drawn nowhere
        rf"\max \sum_{{i \in P}} {LABELLED} + \sum_{{i \notin P}} {UNLABELLED} - KL[q(w) \| p(w)]",  # not all
        rf"\max \frac{{1}}{{|P|}} \sum_{{i \in P}} {LABELLED} + \sum_{{i \notin P}} {UNLABELLED}",
        rf"\max \sum_{{i \in P}} {LABELLED} + \sum_{{i \in Q}} {UNLABELLED}",
        rf"\max \sum_{{i \in P}} {LABELLED} + \sum_{{i \notin P}} {UNLABELLED}; P = \{{1, 2\}}",
    ],
)
def test_what_does_not_say_who_has_labels_is_refused(text: str) -> None:
    assert codes(text, {}, scaffold=True, dims={"x": 4, "y": 4, "z": 2, "w": 2}) == ["F2D-0580"]
