"""Plates over data with an axis of their own: against the reference, and against the sums that the formulas say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.support.flows import perturbed
from tests.support.reference import reference

B, N_PARTS = 3, 4
X = torch.linspace(-1.5, 1.2, B * N_PARTS * 2).reshape(B, N_PARTS, 2).double()
Y = torch.linspace(0.3, -0.8, B * N_PARTS * 3).reshape(B, N_PARTS, 3).double()
LABEL = torch.linspace(-1.0, 1.0, B * 2).reshape(B, 2).double()


class OfSet(nn.Module):
    """A Normal over two dimensions given whole sets."""

    def __init__(self, size: int):
        super().__init__()
        self.layer = nn.Linear(size, 4)

    def forward(self, *sets: Tensor) -> tuple[Tensor, Tensor]:
        assert all(each.dim() == 3 for each in sets)
        loc, log_scale = self.layer(torch.cat(sets, dim=-1)).mean(dim=1).chunk(2, dim=-1)
        return loc, log_scale.tanh().exp()


class OfRows(nn.Module):
    """A Normal given rows that stand beside each other."""

    def __init__(self, size: int, out: int = 2):
        super().__init__()
        self.layer = nn.Linear(size, 2 * out)

    def forward(self, *rows: Tensor) -> tuple[Tensor, Tensor]:
        assert all(each.dim() == 2 for each in rows)
        loc, log_scale = self.layer(torch.cat(rows, dim=-1)).chunk(2, dim=-1)
        return loc, log_scale.tanh().exp()


def normal(net: nn.Module, seed: int = 0) -> Any:
    return f2d.Normal(perturbed(net, seed))


PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)

SETS: list[tuple[str | Sequence[str], dict[str, object], dict[str, Tensor]]] = [
    (
        r"E_{q(z|x)}[\sum_{i=1}^n \log p(x_i|z)] - KL[q(z|x) \| p(z)]",
        {"q(z|x)": normal(OfSet(2)), "p(x|z)": normal(OfRows(2), 1), "p(z)": PRIOR},
        {"x": X},
    ),
    (
        r"E_{z \sim q(z|x_{1:n})}[\log \prod_{i=1}^n p(x_i|z)] - KL[q(z|x_{1:n}) \| p(z)]",
        {"q(z|x)": normal(OfSet(2)), "p(x|z)": normal(OfRows(2), 1), "p(z)": PRIOR},
        {"x": X},
    ),
    (
        r"E_{q(z|x_{1:n}, y_{1:n})}[\frac1n \sum_{i=1}^n \log p(y_i|x_i, z)] - KL[q(z|x_{1:n}, y_{1:n}) \| p(z)]",
        {"q(z|x, y)": normal(OfSet(5)), "p(y|x, z)": normal(OfRows(4, 3), 1), "p(z)": PRIOR},
        {"x": X, "y": Y},
    ),
    (r"\max \sum_{i=1}^n \log p(x_i|y)", {"p(x|y)": normal(OfRows(2))}, {"x": X, "y": LABEL}),
    (
        r"E_{q(c|x)}[\sum_{i=1}^n (E_{q(z|x_i, c)}[\log p(x_i|z, c)] - KL[q(z|x_i, c) \| p(z|c)])]"
        r" - KL[q(c|x) \| p(c)]",
        {
            "q(c|x)": normal(OfSet(2)),
            "q(z|x, c)": normal(OfRows(4), 1),
            "p(x|z, c)": normal(OfRows(4), 2),
            "p(z|c)": normal(OfRows(2), 3),
            "p(c)": PRIOR,
        },
        {"x": X},
    ),
    (
        r"\min E_{x \sim p_{data}}[\frac1n \sum_{i=1}^n \|x_i - f(x_i)\|^2]",
        {"f": perturbed(nn.Linear(2, 2))},
        {"x": X},
    ),
    (
        r"\min E_{x \sim p_{data}}[\frac{1}{m^2} \sum_{i=1}^m \sum_{j=1}^m \|x_i - f(x_j)\|^2]",
        {"f": perturbed(nn.Linear(2, 2))},
        {"x": X},
    ),
    (
        r"\max \sum_{i=1}^n \log E_{p(z|y)}[p(x_i|z)]",
        {
            "p(z|y)": f2d.Normal(loc=perturbed(nn.Linear(2, 2)), scale=0.5),
            "p(x|z)": f2d.Normal(loc=perturbed(nn.Linear(2, 2), 1), scale=2.0),
        },
        {"x": X, "y": LABEL},
    ),
]


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize(("formula", "bindings", "data"), SETS, ids=lambda each: str(each)[:50])
def test_sets(formula: str | Sequence[str], bindings: dict[str, object], data: dict[str, Tensor], samples: int) -> None:
    objective = f2d.compile(formula, bindings, samples=samples)
    noise = objective.example_noise(B, **data)
    out = objective(**data, noise=noise)
    expected = reference(formula, bindings, data, noise, samples=samples).run()
    torch.testing.assert_close(out.value, expected.value)
    parameters = list(objective.parameters())
    both = [torch.autograd.grad(each.loss, parameters, materialize_grads=True) for each in (out, expected)]
    torch.testing.assert_close(*both)


def test_the_axes_are_shown_and_assumed() -> None:
    objective = f2d.compile(*SETS[0][:2], dims={"x": 2})
    (x,) = objective.inputs
    assert [str(axis) for axis in x.axes] == ["batch", "i"] and x.shape == (2,)
    assert "i runs inside each example, over an axis of its own: x [batch, i, ...]" in objective.assumptions
    batch = objective.example_batch(5)
    assert batch["x"].shape[0] == 5 and batch["x"].dim() == 3
    assert torch.isfinite(objective(**batch).value)


def test_a_set_by_hand() -> None:
    net = perturbed(nn.Linear(2, 2))
    objective = f2d.compile(r"\max \sum_{i=1}^n \log p(x_i|y)", {"p(x|y)": f2d.Normal(loc=net, scale=0.7)})
    law = torch.distributions.Normal(net(LABEL)[:, None], 0.7)
    torch.testing.assert_close(objective(x=X, y=LABEL).value, law.log_prob(X).sum((1, 2)).mean())


def test_all_pairs_by_hand() -> None:
    net = perturbed(nn.Linear(2, 2))
    formula = r"\min E_{x \sim p_{data}}[\frac{1}{m^2} \sum_{i=1}^m \sum_{j=1}^m \|x_i - f(x_j)\|^2]"
    expected = torch.cdist(X, net(X)).square().mean()
    torch.testing.assert_close(f2d.compile(formula, {"f": net})(x=X).value, expected)


def test_two_plates_by_hand() -> None:
    """Groups j of members i: [batch, j, i, event]."""
    x = X[:, :, None, :] + torch.arange(3.0).double()[:, None]
    net = perturbed(nn.Linear(2, 2))
    objective = f2d.compile(
        r"\max \sum_{j=1}^m \sum_{i=1}^n \log p(x_{j,i}|y)", {"p(x|y)": f2d.Normal(loc=net, scale=0.5)}
    )
    assert [axis.name for axis in objective.inputs[-1].axes] == ["batch", "j", "i"]
    law = torch.distributions.Normal(net(LABEL)[:, None, None], 0.5)
    torch.testing.assert_close(objective(x=x, y=LABEL).value, law.log_prob(x).sum((1, 2, 3)).mean())


def test_vectors_that_a_space_tells_from_entries() -> None:
    formula = [r"\max \sum_{i=1}^4 \log p(x_i|y)", r"x_i \in \mathbb{R}^2"]
    net = perturbed(nn.Linear(2, 2))
    objective = f2d.compile(formula, {"p(x|y)": f2d.Normal(loc=net, scale=1.0)})
    law = torch.distributions.Normal(net(LABEL)[:, None], 1.0)
    torch.testing.assert_close(objective(x=X, y=LABEL).value, law.log_prob(X).sum((1, 2)).mean())


def test_the_data_set_and_entries_are_as_before() -> None:
    net = perturbed(nn.Linear(2, 2))
    law = torch.distributions.Normal(net(LABEL), 1.0)
    x = X[:, 0]
    expected = law.log_prob(x).sum(-1).mean()
    bindings = {"p(x|y)": f2d.Normal(loc=net, scale=1.0), "N": 10}
    whole = f2d.compile(r"\max \sum_{i=1}^N \log p(x_i|y_i)", bindings)
    torch.testing.assert_close(whole(x=x, y=LABEL).value, 10 * expected)
    entries = f2d.compile(r"\max \sum_{d=1}^D \log p(x_d|y)", {"p(x|y)": bindings["p(x|y)"]})
    torch.testing.assert_close(entries(x=x, y=LABEL).value, expected)
    weights = f2d.compile(
        r"E_{q(w)}[\sum_{i=1}^n \log p(y_i|x_i, w)] - KL[q(w) \| p(w)]",
        {"q(w)": PRIOR, "p(w)": PRIOR, "p(y|x, w)": normal(OfRows(4)), "n": 10},
    )
    assert [axis.name for each in weights.inputs for axis in each.axes] == ["batch", "batch"]


def test_another_number_of_parts_than_is_said() -> None:
    formula, bindings, data = SETS[0]
    objective = f2d.compile(formula, {**bindings, "n": 5})
    with pytest.raises(f2d.FormulaError) as caught:
        objective(**data)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0605" and "n is 5" in found.message
    assert torch.isfinite(objective(**data, n=4).value)


def test_an_inner_index_alone_is_refused() -> None:
    formula = r"\max \sum_{j=1}^m \sum_{i=1}^n (\log p(x_{j,i}|y) + \|x_i\|^2)"
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, {"p(x|y)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0)})
    assert {each.code for each in caught.value.diagnostics} == {"F2D-0407"}


def test_a_formula_alone_runs() -> None:
    objective = f2d.compile(SETS[0][0], {}, scaffold=True, dims={"x": 3, "z": 2})
    assert "n is 5" in objective.assumptions
    assert objective.example_batch(2)["x"].shape == (2, 5, 3)
    assert torch.isfinite(objective(**objective.example_batch(2)).value)


# -- distributions -------------------------------------------------------------------------------------


def joint(formula: str, **more: object) -> tuple[Any, nn.Module]:
    net = perturbed(nn.Linear(2, 3))
    return f2d.distribution(formula, {"p(z)": PRIOR, "p(x|z)": f2d.Normal(loc=net, scale=0.5), **more}), net


@pytest.mark.parametrize(
    ("formula", "more"), [(r"p(z) \prod_{i=1}^5 p(x_i|z)", {}), (r"\prod_{i=1}^n p(x_i|z) p(z)", {"n": 5})]
)
def test_a_product_over_parts_draws_and_scores(formula: str, more: dict[str, object]) -> None:
    d, net = joint(formula, **more)
    noise = {"z": torch.randn(7, 2), "x": torch.randn(7, 5, 3)}
    drawn = d.sample(7, noise=noise)
    torch.testing.assert_close(drawn["z"], noise["z"])
    torch.testing.assert_close(drawn["x"], net(noise["z"])[:, None] + 0.5 * noise["x"])
    prior, law = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(net(drawn["z"])[:, None], 0.5)
    expected = prior.log_prob(drawn["z"]).sum(-1) + law.log_prob(drawn["x"]).sum((1, 2))
    torch.testing.assert_close(d.log_prob(**drawn), expected)
    assert d.sample(3, z=drawn["z"])["x"].shape == (3, 7, 5, 3)


def test_parts_in_chains() -> None:
    net = perturbed(nn.Linear(2, 3))
    bindings = {"p(c)": PRIOR, "p(z|c)": f2d.Normal(loc="c", scale=2.0), "p(x|z)": f2d.Normal(loc=net, scale=0.5)}
    d = f2d.distribution(r"p(c) \prod_{i=1}^4 p(z_i|c) p(x_i|z_i)", bindings)
    drawn = d.sample(6)
    assert {name: tuple(each.shape) for name, each in drawn.items()} == {"c": (6, 2), "z": (6, 4, 2), "x": (6, 4, 3)}
    assert not torch.equal(drawn["z"][:, 0], drawn["z"][:, 1])
    normal = torch.distributions.Normal
    expected = (
        normal(0.0, 1.0).log_prob(drawn["c"]).sum(-1)
        + normal(drawn["c"][:, None], 2.0).log_prob(drawn["z"]).sum((1, 2))
        + normal(net(drawn["z"]), 0.5).log_prob(drawn["x"]).sum((1, 2))
    )
    torch.testing.assert_close(d.log_prob(**drawn), expected)


def test_a_category_shared_by_all_parts_is_summed_out() -> None:
    """log sum_z p(z) prod_i p(x_i|z): the parts are dependent."""
    weights, means = torch.tensor([0.3, 0.7]), torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    embedding = nn.Embedding(2, 2)
    embedding.weight.data = means
    bindings = {"p(z)": f2d.Categorical(probs=weights), "p(x|z)": f2d.Normal(loc=embedding, scale=1.0)}
    d = f2d.distribution(r"\sum_z p(z) \prod_{i=1}^4 p(x_i|z)", bindings)
    each = torch.distributions.Normal(means[:, None, None], 1.0).log_prob(X).sum((2, 3)).T
    torch.testing.assert_close(d.log_prob(x=X), torch.logsumexp(weights.log() + each, dim=-1))
    assert d.sample(3)["x"].shape == (3, 4, 2)


def test_how_many_parts_must_be_known_to_draw() -> None:
    d, _ = joint(r"p(z) \prod_{i=1}^n p(x_i|z)")
    assert d.log_prob(z=torch.zeros(2, 2), x=torch.zeros(2, 9, 3)).shape == (2,)
    with pytest.raises(f2d.FormulaError) as caught:
        d.sample(3)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0610" and "how many" in found.message


def test_given_parts_say_how_many() -> None:
    net = perturbed(nn.Bilinear(2, 2, 3))
    d = f2d.distribution(r"\prod_{i=1}^n p(y_i|x_i, z)", {"p(y|x, z)": f2d.Normal(loc=net, scale=0.5)}, dims={"y": 3})
    y = d.sample(5, x=X, z=LABEL)["y"]
    assert y.shape == (5, B, N_PARTS, 3)
    loc = torch.stack([net(X[:, i], LABEL) for i in range(N_PARTS)], dim=1)
    expected = torch.distributions.Normal(loc, 0.5).log_prob(y[0]).sum((1, 2))
    torch.testing.assert_close(d.log_prob(x=X, z=LABEL, y=y[0]), expected)


def test_what_is_drawn_part_by_part_is_not_read_whole() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.distribution(r"p(y|x) \prod_{i=1}^5 p(x_i)", {"p(x)": PRIOR, "p(y|x)": normal(OfSet(2))})
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0443"]


@pytest.mark.parametrize("upper", ["3", "D"])
def test_a_sum_to_fewer_than_there_are_entries_is_over_parts(upper: str) -> None:
    """Three of five entries are not all of them, whether the text has the number or a name that it gives it."""
    text = rf"\max E_{{q(z|x)}}[\sum_{{i=1}}^{{{upper}}} \log p(x_i|z)] - KL[q(z|x) \| p(z)]; D = 3"
    text = text.removesuffix("; D = 3") if upper == "3" else text
    objective = f2d.compile(text, scaffold=True, dims={"x": 5})
    assert "i runs inside each example, over an axis of its own: x [batch, i, ...]" in objective.assumptions
    with pytest.raises(f2d.FormulaError, match="x has 5 along i, but (the formula says|D is) 3"):
        objective(x=torch.zeros(4, 5))
