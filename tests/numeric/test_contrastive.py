"""Bounds of mutual information by contrast: InfoNCE, its bound, MINE, and expectations over independent data."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor
from tests.support.reference import reference

N = 5
X, Y = tensor(N, 4, seed=1), tensor(N, 3, seed=2)
DIAGONAL = torch.eye(N, dtype=torch.bool)


def critic() -> nn.Module:
    torch.manual_seed(0)
    return nn.Bilinear(4, 3, 1, dtype=torch.float64)


def table(s: nn.Module) -> Tensor:
    """s(x_i, y_j), row i."""
    return s(X[:, None].expand(N, N, 4), Y[None].expand(N, N, 3)).squeeze(-1).detach()


def test_contrastive_predictive_coding() -> None:
    """Oord et al. 2018, equations 3 and 4: f(x, c) = exp(z^T W c), a sum over all examples."""
    text = [
        r"\min -\frac1N \sum_{i=1}^N \log \frac{f(x_i, y_i)}{\sum_{j=1}^N f(x_i, y_j)}",
        r"f(x, y) = \exp(s(x, y))",
    ]
    s = critic()
    torch.testing.assert_close(checked(text, {"s": s}, x=X, y=Y), cross_entropy(table(s), torch.arange(N)))


def test_the_bound_of_mutual_information() -> None:
    """I(x; y) >= log N - L_N is maximised; at equal scores it is 0."""
    text = [
        r"I(x; y) \ge \log N - \mathcal{L}_N",
        r"\mathcal{L}_N = -\frac1N \sum_{i=1}^N \log \frac{e^{s(x_i, y_i)}}{\sum_{j=1}^N e^{s(x_i, y_j)}}",
    ]
    s = critic()
    out = f2d.compile(text, {"s": s}, maximize=True)(x=X, y=Y)
    expected = math.log(N) - cross_entropy(table(s), torch.arange(N))
    torch.testing.assert_close(out.value.detach(), expected)
    for each in s.parameters():
        nn.init.zeros_(each)
    torch.testing.assert_close(f2d.compile(text, {"s": s}, maximize=True)(x=X, y=Y).value.item(), 0.0)


ALL_OTHERS = [
    r"\min -E[\log (e^{s(x,y)} / E_{p_{data}(y')}[e^{s(x,y')}])]",
    r"\min -E_{p(x, y)}[s(x, y) - \log E_{p(y')}[e^{s(x, y')}]]",
    r"\min -E_{p_{data}(x, y)}\left[\log \frac{e^{s(x, y)}}{E_{y' \sim p_{data}(y)}[e^{s(x, y')}]}\right]",
]


@pytest.mark.parametrize("text", ALL_OTHERS)
def test_under_a_logarithm_independent_data_are_all_others(text: str) -> None:
    """The logarithm is of a mean over the other examples, not of a single one of them."""
    s = critic()
    scores = table(s)
    denominator = scores.masked_fill(DIAGONAL, -torch.inf).logsumexp(1) - math.log(N - 1)
    torch.testing.assert_close(checked(text, {"s": s}, x=X, y=Y), (denominator - scores.diagonal()).mean())
    said = f2d.compile(text, {"s": s}).assumptions
    assert any("mean over all other examples of the batch" in each for each in said)


def test_squares_are_not_linear_either() -> None:
    s = critic()
    means = table(s).masked_fill(DIAGONAL, 0).sum(1) / (N - 1)
    found = checked(r"\min E_{p(x)}[(E_{p(y)}[s(x, y)])^2]", {"s": s}, x=X, y=Y)
    torch.testing.assert_close(found, means.square().mean())


def test_where_it_stands_linearly_one_partner_suffices() -> None:
    objective = f2d.compile(r"\max E_{p(x, y)}[s(x, y)] - E_{p(x)} E_{p(y)}[e^{s(x, y)}]", {"s": critic()})
    assert [each.name for each in objective.sites] == ["y"]
    order = torch.tensor([1, 2, 3, 4, 0])
    scores = table(critic())
    expected = scores.diagonal().mean() - scores[torch.arange(N), order].exp().mean()
    torch.testing.assert_close(objective(x=X, y=Y, noise={"y": order}).value.detach(), expected)


def test_mine() -> None:
    """Belghazi et al. 2018: the Donsker-Varadhan bound; the mean over the batch of pairs stands under the logarithm."""
    text = r"\max E_{p(x, y)}[T(x, y)] - \log E_{p(x) p(y)}[e^{T(x, y)}]"
    t, order = critic(), torch.tensor([1, 2, 3, 4, 0])
    scores = table(t)
    expected = scores.diagonal().mean() - scores[torch.arange(N), order].logsumexp(0) + math.log(N)
    found = f2d.compile(text, {"T": t})(x=X, y=Y, noise={"y": order})
    torch.testing.assert_close(found.value.detach(), expected)


def test_mine_of_a_representation() -> None:
    """z of the product of marginals is another example's draw."""
    text = r"\max E_{p(x) q(z|x)}[T(x, z)] - \log E_{p(x) q(z)}[e^{T(x, z)}]"
    t, order, noise = critic(), torch.tensor([1, 2, 3, 4, 0]), tensor(N, 3, seed=5)
    loc = linear(4, 3)
    objective = f2d.compile(text, {"T": t, "q(z|x)": f2d.Normal(loc=loc, scale=0.5)})
    z = (loc(X) + 0.5 * noise).detach()
    expected = t(X, z).mean() - t(X, z[order]).logsumexp(0).squeeze() + math.log(N)
    names = [each.name for each in objective.sites]
    given = {names[0]: noise, names[1]: order}
    found = objective(x=X, noise=given)
    torch.testing.assert_close(found.value.detach(), expected.detach())
    judge = reference(text, {"T": t, "q(z|x)": f2d.Normal(loc=loc, scale=0.5)}, {"x": X}, given).run()
    weights = [*t.parameters(), *loc.parameters()]
    ours, theirs = torch.autograd.grad(found.loss, weights), torch.autograd.grad(judge.loss, weights)
    torch.testing.assert_close(ours, theirs)


def test_independent_draws_of_a_representation() -> None:
    text = r"\max E_{q(z|x)}[T(x, z) - \log E_{q(z')}[e^{T(x, z')}]]"
    bound = {"T": critic(), "q(z|x)": f2d.Normal(loc=linear(4, 3), scale=0.5)}
    assert_same(text, bound, {"x": X})  # type: ignore[arg-type]
