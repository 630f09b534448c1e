"""Chosen rows: what is read as one, its gradient, several a position, default codebooks, and what is refused."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import assumed, codes

NEAREST = r"k = \arg\min_j \|z_e(x) - e_j\|_2"
LOSS = r"\mathcal{L} = \|x - G(z_q(x))\|^2 + \|sg[z_e(x)] - z_q(x)\|^2 + \beta \|z_e(x) - sg[z_q(x)]\|^2"


def model(*event: int) -> tuple[dict[str, object], Tensor]:
    codebook = nn.Parameter(torch.randn(5, 3))
    return {"z_e": nn.Linear(2, 3), "G": nn.Linear(3, 2), "e": codebook, "beta": 0.25}, torch.randn(4, *event, 2)


def gradients(value: Tensor, bound: dict[str, object]) -> list[Tensor]:
    weights = [*bound["z_e"].parameters(), bound["e"], *bound["G"].parameters()]
    return list(torch.autograd.grad(value, weights, allow_unused=True, materialize_grads=True, retain_graph=True))


def expected(bound: dict[str, object], x: Tensor, copied: bool) -> Tensor:
    z, e = bound["z_e"](x), bound["e"]
    row = e[torch.cdist(z, e).argmin(-1)]
    handed = z + (row - z).detach() if copied else row

    def squared(value: Tensor) -> Tensor:
        return value.flatten(1).square().sum(-1)

    loss = squared(x - bound["G"](handed)) + squared(z.detach() - row) + 0.25 * squared(z - row.detach())
    return loss.mean()


def test_the_gradient_is_copied_where_the_row_is_handed_on() -> None:
    """And nowhere else: in the codebook's own loss, z_q is the row."""
    bound, x = model()
    text = [NEAREST, "z_q(x) = e_k", LOSS]
    found = f2d.compile(text, bound, estimators={"z_q": "straight-through"})(x=x).loss
    judge = reference(text, bound, {"x": x}, {}, estimators={"z_q": "straight-through"}).run().loss
    for value in (found, judge):
        assert_close(value, expected(bound, x, True))
        assert_close(gradients(value, bound), gradients(expected(bound, x, True), bound))


def test_without_it_nothing_reaches_the_encoder_through_the_choice() -> None:
    bound, x = model()
    text = [NEAREST, "z_q(x) = e_k", LOSS]
    value = f2d.compile(text, bound)(x=x).loss
    assert_close(gradients(value, bound), gradients(expected(bound, x, False), bound))
    assert "no gradient passes through the choice of z_q" in assumed(text, bound)
    assert "no gradient" not in assumed(text, bound, estimators={"z_q": "straight-through"})


def test_one_code_for_each_position() -> None:
    """z_e(x) of [batch, positions, d]: every position has its row."""
    bound, x = model(6)
    text = [NEAREST, "z_q(x) = e_k", LOSS]
    found = f2d.compile(text, bound, estimators={"z_q": "straight-through"})(x=x).loss
    judge = reference(text, bound, {"x": x}, {}, estimators={"z_q": "straight-through"}).run().loss
    for value in (found, judge):
        assert_close(value, expected(bound, x, True))
        assert_close(gradients(value, bound), gradients(expected(bound, x, True), bound))


def test_the_largest_product() -> None:
    bound, x = model()
    text = [r"k = \arg\max_j z_e(x)^\top e_j", "z_q(x) = e_k", r"\min \mathbb{E}_{p_{data}(x)}\|x - G(z_q(x))\|^2"]
    row = bound["e"][(bound["z_e"](x) @ bound["e"].T).argmax(-1)]
    expected_ = (x - bound["G"](row)).square().sum(-1).mean()
    assert_close(f2d.compile(text, bound)(x=x).loss, expected_)
    assert_close(reference(text, bound, {"x": x}, {}).run().loss, expected_)


def test_the_bare_name_of_the_codebook_is_the_chosen_row() -> None:
    bound, x = model()
    text = [NEAREST, r"\min \mathbb{E}_{p_{data}(x)} \|sg[z_e(x)] - e\|^2"]
    z, e = bound["z_e"](x), bound["e"]
    value = (z.detach() - e[torch.cdist(z, e).argmin(-1)]).square().sum(-1).mean()
    assert_close(f2d.compile(text, bound)(x=x).loss, value)


def test_default_codebooks() -> None:
    text = [NEAREST, "z_q(x) = e_k", LOSS]
    objective = f2d.compile(text, scaffold=True, dims={"x": 6, "e": 3})
    objective(x=torch.randn(4, 6)).loss.backward()
    assert tuple(objective.e.shape) == (8, 3)
    sized = [r"k = \arg\min_{j \in \{1,\dots,K\}} \|z_e(x) - e_j\|_2", "z_q(x) = e_k", LOSS]
    assert tuple(f2d.compile(sized, {"K": 12}, scaffold=True, dims={"x": 6, "e": 3}).e.shape) == (12, 3)


def test_a_codebook_that_nothing_is_bound_to_is_refused() -> None:
    bound, _ = model()
    del bound["e"]
    assert set(codes([NEAREST, "z_q(x) = e_k", LOSS], bound)) == {"F2D-0203"}


def test_an_estimator_of_what_is_no_code_is_refused() -> None:
    bound, _ = model()
    text = [NEAREST, "z_q(x) = e_k", LOSS]
    assert codes(text, bound, estimators={"w": "straight-through"}) == ["F2D-0431"]


def test_the_space_of_a_whole_codebook_says_its_rows() -> None:
    """Van den Oord et al. 2017: e is in R^{K x D}."""
    text = [
        r"z_q(x) = e_k; k = \arg\min_j \|z_e(x) - e_j\|_2",
        r"L = -\log p_\theta(x|z_q(x)) + \|\mathrm{sg}[z_e(x)] - e\|_2^2",
        r"x \in \{0,1\}^3; e \in \mathbb{R}^{6 \times 4}",
    ]
    found = f2d.compile(text, scaffold=True)
    assert dict(found.named_parameters())["e"].shape == (6, 4)
    assert found(**found.example_batch(5)).loss.isfinite()


def test_a_key_names_what_is_bound_by_its_head() -> None:
    """The binding of p(x|z~) says nothing of z~(x), which the text defines."""
    text = [
        r"\max \log p_\theta(x|\tilde z(x)) - \|\tilde z(x)\|_2^2",
        r"\tilde z(x) = f(x) + \mathrm{sg}[g(x) - f(x)]",
    ]
    bound = {r"p_\theta(x|\tilde z)": f2d.Normal(nn.Linear(2, 3)), "f": nn.Linear(3, 2), "g": nn.Linear(3, 2)}
    found = f2d.compile(text, bound | {r"p_\theta(x|\tilde z)": f2d.Normal(loc=nn.Linear(2, 3), scale=1.0)})
    x = torch.randn(4, 3)
    assert_close(found(x=x).terms["||f(x) + sg(g(x) - f(x))||_2^2"], (bound["g"](x) ** 2).sum(-1).mean())
