"""Sums over pairs of examples, against matrices of all pairs in torch and the literal reference."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

N = 5
X, Y = tensor(N, 4, seed=1), tensor(N, 3, seed=2)
F, G = linear(4, 2), linear(3, 2)
DIAGONAL = torch.eye(N, dtype=torch.bool)


def checked(formula: str | list[str], bindings: dict[str, object], **data: Tensor) -> Tensor:
    """The value, once generated code and reference agree in it and in its gradients."""
    assert_same(formula, bindings, data)  # type: ignore[arg-type]
    noise = f2d.compile(formula, bindings).example_noise(**data)
    return f2d.compile(formula, bindings)(**data, noise=noise).value


def scores() -> Tensor:
    return (F(X) @ G(Y).T).detach() / 0.5


INFO_NCE = (
    r"-\frac1N \sum_{i=1}^N \log \frac{\exp(f(x_i)^\top g(y_i)/\tau)}{\sum_{j=1}^N \exp(f(x_i)^\top g(y_j)/\tau)}"
)


def test_info_nce() -> None:
    """Oord et al. 2018: the cross-entropy of each example's own partner among all."""
    bound = {"f": F, "g": G, "tau": 0.5}
    found = checked([r"\min \mathcal{L}", rf"\mathcal{{L}} = {INFO_NCE}"], bound, x=X, y=Y)
    torch.testing.assert_close(found, cross_entropy(scores(), torch.arange(N)))


def test_the_networks_run_once() -> None:
    calls = []
    F_, G_ = linear(4, 2), linear(3, 2)
    for each in (F_, G_):
        each.register_forward_hook(lambda module, *_: calls.append(module))
    f2d.compile(rf"\min {INFO_NCE}", {"f": F_, "g": G_, "tau": 0.5})(x=X, y=Y)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "formula",
    [
        r"\min -\frac1B \sum_{i=1}^B \log \frac{e^{s(x_i, y_i)}}{\sum_{j \ne i} e^{s(x_i, y_j)}}",
        r"\min -\frac1B \sum_{i=1}^B \log \frac{e^{s(x_i, y_i)}}{\sum_{j=1, j \ne i}^B e^{s(x_i, y_j)}}",
        r"\min \frac1B \sum_{i=1}^B [-s(x_i, y_i) + \log \sum_{j=1}^B \mathbf{1}[j \ne i] e^{s(x_i, y_j)}]",
    ],
)
def test_without_the_example_itself(formula: str) -> None:
    """A critic of both is called on all pairs."""
    critic = nn.Bilinear(4, 3, 1, dtype=torch.float64)
    found = checked(formula, {"s": critic}, x=X, y=Y)
    table = critic(X[:, None].expand(N, N, 4), Y[None].expand(N, N, 3)).squeeze(-1).detach()
    expected = (table.masked_fill(DIAGONAL, -torch.inf).logsumexp(1) - table.diagonal()).mean()
    torch.testing.assert_close(found, expected)


def test_definitions_at_the_other_example() -> None:
    text = [
        r"\min \frac1N \sum_{i=1}^N \log \sum_{j=1}^N \exp(\|z_i - z_j\|^2)",
        r"z_i = f(x_i)",
    ]
    z = F(X).detach()
    expected = torch.cdist(z, z).square().logsumexp(1).mean()
    torch.testing.assert_close(checked(text, {"f": F}, x=X), expected)


def test_kernels_of_a_formula_and_unbiased_means() -> None:
    """The squared maximum mean discrepancy (Gretton et al. 2012, equation 3), written out."""
    text = [
        r"\min \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{n(n-1)} \sum_{i \neq j} k(y_i, y_j)"
        r" - \frac{2}{n^2} \sum_{i,j=1}^n k(x_i, y_j)",
        r"k(u, v) = \exp(-\|u - v\|^2 / 2)",
    ]
    y = tensor(N, 4, seed=9)

    def kernel(u: Tensor, v: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(u, v).square() / 2)

    xx, yy = (kernel(each, each).masked_fill(DIAGONAL, 0).sum() / (N * (N - 1)) for each in (X, y))
    expected = xx + yy - 2 * kernel(X, y).mean()
    torch.testing.assert_close(checked(text, {}, x=X, y=y), expected)


def test_draws_at_the_other_example() -> None:
    """The same draws, of all examples: log of the batch's mean density at each draw."""
    encoder = linear(4, 2)
    text = r"\min \frac1N \sum_{i=1}^N E_{q(z_i|x_i)}[\log \frac1N \sum_{j=1}^N q(z_i|x_j)]"
    found = checked(text, {"q(z|x)": f2d.Normal(loc=encoder, scale=0.5)}, x=X)
    assert found.isfinite()


def test_ordered_pairs() -> None:
    """i < j counts each pair once."""
    found = checked(r"\min \sum_{i < j} \|f(x_i) - f(x_j)\|^2", {"f": F}, x=X)
    z = F(X).detach()
    torch.testing.assert_close(found, torch.cdist(z, z).square().sum() / 2)


def test_cosine_similarity_over_pairs() -> None:
    text = r"\min \frac{1}{N^2} \sum_{i=1}^N \sum_{j=1}^N \frac{f(x_i)^\top g(y_j)}{\|f(x_i)\| \|g(y_j)\|}"
    expected = cosine_similarity(F(X)[:, None], G(Y)[None], dim=-1).mean().detach()
    torch.testing.assert_close(checked(text, {"f": F, "g": G}, x=X, y=Y), expected)


@pytest.mark.parametrize("inner", [r"\sum_{j=1}^N", r"\sum_{j}^{N}"])
def test_the_loss_of_one_example_is_averaged(inner: str) -> None:
    text = [
        rf"\mathcal{{L}}_i = -\log \frac{{\exp(u_i^\top v_i/\tau)}}{{{inner} \exp(u_i^\top v_j/\tau)}}",
        "u_i = f(x_i)",
        "v_i = g(y_i)",
    ]
    expected = cross_entropy(scores(), torch.arange(N))
    torch.testing.assert_close(checked(text, {"f": F, "g": G, "tau": 0.5}, x=X, y=Y), expected)


def test_a_margin_over_all_other_pairs() -> None:
    """A sum with a condition alone, under the sum whose index it names, beside a sum of its own."""
    text = (
        r"\min \frac1N \sum_{i=1}^N \|f(x_i) - g(y_i)\|^2"
        r" + \frac{1}{N(N-1)} \sum_{i=1}^N \sum_{j \neq i} [m - \|f(x_i) - g(y_j)\|]_+^2"
    )
    distance = torch.cdist(F(X), G(Y)).detach()
    apart = (2.0 - distance).relu().square().masked_fill(DIAGONAL, 0).sum() / (N * (N - 1))
    expected = distance.diagonal().square().mean() + apart
    torch.testing.assert_close(checked(text, {"f": F, "g": G, "m": 2.0}, x=X, y=Y), expected)


def test_a_sum_to_b_beside_the_example() -> None:
    """Under a written expectation over the data, B is the batch."""
    critic = nn.Bilinear(4, 3, 1, dtype=torch.float64)
    text = r"\min E_{p_{data}(x,y)}[-\log \frac{e^{f(x,y)}}{\sum_{j=1}^{B} e^{f(x,y_j)}}]"
    table = critic(X[:, None].expand(N, N, 4), Y[None].expand(N, N, 3)).squeeze(-1).detach()
    expected = cross_entropy(table, torch.arange(N))
    torch.testing.assert_close(checked(text, {"f": critic}, x=X, y=Y), expected)


def test_an_index_forgotten_in_the_other_example_is_said() -> None:
    """Nothing under the inner sum has j: that is the finding, not the size of N."""
    text = r"\min -\frac1N \sum_{i=1}^N \log \frac{e^{f(x_i,y_i)}}{\sum_{j=1}^N e^{f(x_i,y_i)}}"
    found = f2d.check(text, {"f": nn.Bilinear(4, 3, 1)})
    assert [(each.code, each.message) for each in found] == [("F2D-0408", "nothing under this sum depends on j")]
