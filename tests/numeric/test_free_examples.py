"""Contrastive objectives as papers write them: sums over the examples without bounds, the present example as x_i."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

import formula2dgm as f2d
from tests.numeric.test_contrastive import critic, table
from tests.numeric.test_pairs import DIAGONAL, F, G, N, X, Y, checked, scores
from tests.numeric.test_written_densities import tensor

LABELS = torch.arange(N)

INFO_NCE = [
    [r"\min -E[\log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}]"],
    [r"\min -\frac1N\sum_i \log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}"],
    [r"\min -\frac1N\sum_{i=1}^N \log\frac{\exp(s(x_i,y_i))}{\sum_{j} \exp(s(x_i,y_j))}"],
    [r"\min -\log\frac{\exp(s(x_i,y_i))}{\sum_{j=1}^N \exp(s(x_i,y_j))}"],
    [r"\min -E_{p(x_i,y_i)}[\log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}]"],
    [r"\min -E_{(x_i,y_i)\sim p(x,y)}[\log\frac{\exp(s(x_i,y_i))}{\sum_{j=1}^N \exp(s(x_i,y_j))}]"],
    [r"\min -E_{x,y}[\log\frac{e^{s(x,y)}}{\sum_{j} e^{s(x,y_j)}}]"],
    [r"\min -E_{x,y}[\log\frac{e^{s(x,y)}}{\sum_{j=1}^N e^{s(x,y_j)}}]"],
    [r"\mathcal{L}_i = -\log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}", r"\min \frac1N \sum_i \mathcal{L}_i"],
    [r"\min -\frac1N\sum_i \log\frac{\exp(c_{ii})}{\sum_j \exp(c_{ij})}", r"c_{ij} = s(x_i, y_j)"],
]


@pytest.mark.parametrize("text", INFO_NCE)
def test_info_nce(text: list[str]) -> None:
    """The cross-entropy of each example's own partner among all of the batch."""
    s = critic()
    torch.testing.assert_close(checked(text, {"s": s}, x=X, y=Y), cross_entropy(table(s), LABELS))


def test_a_bare_sum_over_the_examples_is_their_sum() -> None:
    s = critic()
    text = r"\min -\sum_i \log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}"
    torch.testing.assert_close(checked(text, {"s": s}, x=X, y=Y), N * cross_entropy(table(s), LABELS))


@pytest.mark.parametrize("letter", ["K", "N", "M"])
def test_the_bound_with_k_pairs(letter: str) -> None:
    """Poole et al. 2019, equation 10: I >= E[1/K sum_i log e^{f(x_i,y_i)} / (1/K sum_j e^{f(x_i,y_j)})]."""
    s = critic()
    text = r"\max E[\frac1K\sum_{i=1}^K \log\frac{e^{s(x_i,y_i)}}{\frac1K\sum_{j=1}^K e^{s(x_i,y_j)}}]"
    found = checked(text.replace("K", letter), {"s": s}, x=X, y=Y)
    torch.testing.assert_close(found, math.log(N) - cross_entropy(table(s), LABELS))


@pytest.mark.parametrize("definition", [r"sim(u,v) = \frac{u^\top v}{\|u\|\|v\|}", r"sim(u,v)=u^\top v/\|u\|\|v\|", ""])
def test_two_views(definition: str) -> None:
    """Chen et al. 2020, with the partners of the second view as negatives."""
    text = [
        r"\min -\frac1N\sum_i \log\frac{\exp(sim(z_i,z'_i)/\tau)}{\sum_{j}\exp(sim(z_i,z'_j)/\tau)}",
        r"z_i=f(x_i); z'_i=f(x'_i); \tau=0.1",
        *([definition] if definition else []),
    ]
    second = tensor(N, 4, seed=7)
    expected = cosine_similarity(F(X)[:, None], F(second)[None], dim=-1).detach() / 0.1
    torch.testing.assert_close(checked(text, {"f": F}, x=X, x_prime=second), cross_entropy(expected, LABELS))


def test_without_the_example_itself() -> None:
    text = [
        r"\min \frac1N \sum_i \ell_i",
        r"\ell_i = -\log\frac{\exp(z_i^\top z'_i/\tau)}{\sum_k \mathbb 1_{[k \ne i]}\exp(z_i^\top z_k/\tau)}",
        r"z_i=f(x_i); z'_i=f(x'_i); \tau=0.5",
    ]
    z, partner = F(X).detach(), F(tensor(N, 4, seed=7)).detach()
    others = (z @ z.T / 0.5).masked_fill(DIAGONAL, -torch.inf).logsumexp(1)
    expected = (others - (z * partner).sum(1) / 0.5).mean()
    torch.testing.assert_close(checked(text, {"f": F}, x=X, x_prime=tensor(N, 4, seed=7)), expected)


def test_both_directions() -> None:
    """Radford et al. 2021: the mean of the cross-entropies along the rows and the columns."""
    text = [
        r"\min -\frac{1}{2N}\sum_i [\log\frac{\exp(u_i^\top v_i/\tau)}{\sum_{j}\exp(u_i^\top v_j/\tau)}"
        r" + \log\frac{\exp(u_i^\top v_i/\tau)}{\sum_{j}\exp(u_j^\top v_i/\tau)}]",
        r"u_i=f(x_i)/\|f(x_i)\|; v_i=g(y_i)/\|g(y_i)\|; \tau=0.1",
    ]
    logits = (normalize(F(X), dim=1) @ normalize(G(Y), dim=1).T).detach() / 0.1
    expected = (cross_entropy(logits, LABELS) + cross_entropy(logits.T, LABELS)) / 2
    torch.testing.assert_close(checked(text, {"f": F, "g": G}, x=X, y=Y), expected)


def test_both_directions_of_a_matrix() -> None:
    text = [
        r"\min -\frac{1}{2N}\sum_{i=1}^N [\log\frac{\exp(s_{ii})}{\sum_j\exp(s_{ij})}"
        r" + \log\frac{\exp(s_{ii})}{\sum_j\exp(s_{ji})}]",
        r"s_{ij} = f(x_i)^\top g(y_j) / \tau; \tau = 0.5",
    ]
    expected = (cross_entropy(scores(), LABELS) + cross_entropy(scores().T, LABELS)) / 2
    torch.testing.assert_close(checked(text, {"f": F, "g": G}, x=X, y=Y), expected)


def test_classes_in_common() -> None:
    """Pairs of one class are drawn together: sums over both indices, without bounds."""
    text = [r"\min \frac1N \sum_i \sum_j \mathbb{1}[y_i = y_j] \|f(x_i)-f(x_j)\|^2", r"y \in \{1,2,3\}"]
    labels = torch.tensor([1, 2, 1, 3, 1])
    same = (labels[:, None] == labels[None]).double()
    expected = (same * torch.cdist(F(X), F(X)).square()).sum(1).mean().detach()
    torch.testing.assert_close(checked(text, {"f": F}, x=X, y=labels), expected)


def test_a_term_that_speaks_of_no_example_keeps_its_weight() -> None:
    s = critic()
    text = r"\min -E[\log\frac{\exp(s(x_i,y_i))}{\sum_j \exp(s(x_i,y_j))}] + \beta \|w\|^2"
    w = tensor(3, seed=3)
    found = checked(text, {"s": s, "w": w, "beta": 0.5}, x=X, y=Y)
    torch.testing.assert_close(found, cross_entropy(table(s), LABELS) + 0.5 * w.square().sum())


def test_a_batch_of_one_has_no_other_example() -> None:
    loss = f2d.compile(INFO_NCE[0], {"s": critic()})(x=X[:1], y=Y[:1]).loss
    torch.testing.assert_close(loss, torch.zeros_like(loss))


def test_what_is_assumed_is_said() -> None:
    said = f2d.compile(INFO_NCE[0], {"s": critic()}).assumptions
    assert "i and j count the examples of the batch, of which there are B" in said
    assert "i is the present example, over which the objective is averaged" in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            [r"\max \log \frac{\exp(-\|z_i - z_j\|^2)}{\sum_{k \ne i} \exp(-\|z_i - z_k\|^2)}", "z_i = f(x_i)"],
            "F2D-0485",
        ),
        ([r"\max \log p(y_i|x_i, r)", r"r = \sum_j s(x_j, y_j)"], "F2D-0204"),
        ([r"\min -\sum_i\sum_j x_i W_{ij} x_j + \|f(x)\|^2"], "F2D-0415"),
    ],
)
def test_what_cannot_be_decided_is_refused(text: list[str], code: str) -> None:
    assert code in [each.code for each in f2d.check(text, scaffold=True, dims={"x": 4, "y": 3, "W": 2, "z": 2})]


def test_draws_are_no_examples() -> None:
    """The weights of several draws, normalised: k and j run along the draws."""
    text = r"\max E_{z_{1:K} \sim q(z|x)}[\sum_k \frac{w(z_k)}{\sum_j w(z_j)} \log p(x|z_k)]; K=3; w(z)=\exp(s(x, z))"
    said = f2d.compile(text, scaffold=True, dims={"x": 2, "z": 2}).assumptions
    assert not any("examples of the batch" in each for each in said)
