"""What a distribution is asked: moments, scores and draws of renamed, mixed, multiplied and marginalised laws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributions as td
from torch import nn

import formula2dgm as f2d
from tests.pitfalls.small import BATCH, Counted, D, Joined, Z, each, linear, tensor

WEIGHTS = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
ONE_HOT = f2d.Categorical(probs=WEIGHTS, one_hot=True)
X = tensor(BATCH, D, seed=9)
EXPERTS = r"q(z|x,y) \propto N(z; 0, I) q(z|x) q(z|y)"


def test_the_mean_of_a_renamed_density_is_its_mean() -> None:
    law = f2d.distribution("p(x|z)", {"p(x|z)": f2d.Normal(loc="z", scale=3.0)}).rename(x="x_u", z="z_u")
    z = tensor(BATCH, Z)
    torch.testing.assert_close(law.mean(z_u=z), z)
    torch.testing.assert_close(law.variance(z_u=z), torch.full_like(z, 9.0))


def test_the_divergence_of_a_conditional_at_another_value() -> None:
    bound = {"q(z|x)": f2d.Normal(loc=linear(D, Z), scale=0.5), "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=Z)}
    written = each("-KL[q(z|x_u) || p(z)]", bound, x_u=X)
    torch.testing.assert_close(written, each("-KL[q(z|x) || p(z)]", bound, x=X))
    law = td.Normal(linear(D, Z)(X), 0.5)
    torch.testing.assert_close(written, -td.kl_divergence(law, td.Normal(0.0, 1.0)).sum(-1))


def test_a_relaxed_category_is_scored_by_its_own_density() -> None:
    bound = f2d.RelaxedOneHotCategorical(temperature=0.5, probs=WEIGHTS)
    value = torch.tensor([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]], dtype=torch.float64)
    expected = td.RelaxedOneHotCategorical(torch.tensor(0.5).double(), probs=WEIGHTS).log_prob(value)
    torch.testing.assert_close(f2d.distribution("p(y)", {"p(y)": bound}).log_prob(y=value), expected)


def test_one_hot_values_of_a_relaxed_category_are_scored_as_classes_where_that_is_chosen() -> None:
    bound = f2d.RelaxedOneHotCategorical(temperature=0.5, probs=WEIGHTS, hard_density=True)
    found = f2d.distribution("p(y)", {"p(y)": bound}).log_prob(y=torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(found, WEIGHTS.log())


def test_a_mixture_is_scored_by_the_sum_of_its_weighted_densities() -> None:
    """log 0.5 (N(0; 0, 1) + N(0; 1, 1)), not the sum of weighted logarithms."""
    text = r"p(x) = \sum_{k=1}^2 \pi_k N(x; \mu_k, 1)"
    bound = {"pi": torch.tensor([0.5, 0.5]).double(), "mu": torch.tensor([[0.0], [1.0]]).double()}
    found = each(["log p(x)", text], bound, x=torch.zeros(1, 1, dtype=torch.float64))
    normal = (2 * torch.pi) ** -0.5
    expected = torch.tensor([0.5 * normal + 0.5 * normal * torch.e**-0.5], dtype=torch.float64).log()
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("ends", ["k", "k=1}^{3", "k=1}^{K"])
def test_bound_weights_of_a_mixture_sum_to_one(ends: str) -> None:
    """At weights that sum to 0.9 the density integrates to 0.9; learned ones are said to be free."""
    text = rf"p(x) = \sum_{{{ends}}} \pi_k N(x; \mu_k, 1)"
    bound = {"mu": tensor(3, 1)} | ({"K": 3} if "K" in ends else {})

    def made(weights: torch.Tensor) -> f2d.Objective:
        return f2d.compile([r"\max \log p(x)", text], bound | {"pi": weights}, reduction="none")

    with pytest.raises(f2d.FormulaError, match="F2D-0306.*sum to 0.9"):
        made(torch.tensor([0.2, 0.3, 0.4], dtype=torch.float64))
    grid = torch.linspace(-12, 12, 2401, dtype=torch.float64)[:, None]
    right = made(WEIGHTS)
    assert right(x=grid).value.exp().sum().item() * 0.01 == pytest.approx(1.0)
    assert not right.assumptions
    learned = made(nn.Parameter(WEIGHTS.clone()))
    assert any("nothing makes them sum to 1" in each for each in learned.assumptions)


def test_generated_text_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import formula2dgm as f2d, torch\n"
        "b = {f'p({v}|z,a,b)': f2d.Normal(loc='z', scale='a') for v in 'xyw'}\n"
        "print(f2d.compile('log p(x|z,a,b) p(y|z,a,b) p(w|z,a,b)', b, maximize=True).source)\n"
    )
    root = Path(__file__).parents[2]
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


def test_a_multinomial_counts_all_its_trials() -> None:
    law = f2d.distribution("p(x)", {"p(x)": f2d.Multinomial(total_count=10, probs=WEIGHTS)})
    x = torch.tensor([[2.0, 3.0, 5.0], [10.0, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(law.log_prob(x=x), td.Multinomial(10, probs=WEIGHTS).log_prob(x))
    torch.testing.assert_close(law.mean().reshape(3), 10 * WEIGHTS)
    assert law.sample(50)["x"].sum(-1).unique().tolist() == [10.0]


def experts(**nets: nn.Module) -> dict[str, object]:
    return {f"q(z|{name})": f2d.Normal(loc=net, scale=0.5) for name, net in nets.items()}


def test_a_product_of_experts_draws_and_scores() -> None:
    x, y = tensor(BATCH, D), tensor(BATCH, D, seed=1)
    law = f2d.distribution(EXPERTS, experts(x=linear(D, Z), y=linear(D, Z, seed=4)))
    precision = 1 + 4 + 4
    mean = (4 * linear(D, Z)(x) + 4 * linear(D, Z, seed=4)(y)) / precision
    known = td.Normal(mean, precision**-0.5)
    torch.testing.assert_close(law.mean(x=x, y=y), mean)
    z = tensor(BATCH, Z, seed=7)
    torch.testing.assert_close(law.log_prob(x=x, y=y, z=z), known.log_prob(z).sum(-1))
    torch.testing.assert_close(law.sample(x=x, y=y, noise={"z": z})["z"], mean + precision**-0.5 * z)
    torch.testing.assert_close(law.entropy(x=x, y=y), known.entropy().sum(-1))


def test_the_divergence_of_a_product_is_the_sum_of_its_factors() -> None:
    bound = experts(x=linear(D, Z)) | {
        "q(a|x)": f2d.Normal(loc=linear(D, 3, seed=5), scale=2.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=Z),
        "p(a)": f2d.Normal(loc=0.5, scale=1.0, event_shape=3),
    }
    objective = f2d.compile("KL[q(z|x) q(a|x) || p(z) p(a)]", bound, divergences="closed", reduction="none")
    parts = [each(f"-KL[q({v}|x) || p({v})]", bound, x=X) for v in "za"]
    torch.testing.assert_close(objective(x=X).value, -sum(parts))


def test_the_score_of_a_marginal_that_is_not_known_is_refused_with_what_to_do() -> None:
    bound = {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=Z), "p(x|z)": f2d.Normal(loc=linear(Z, D), scale=1.0)}
    law = f2d.distribution("p(x|z) p(z)", bound).marginalize("z")
    assert list(law.sample(3)) == ["x"]
    with pytest.raises(f2d.FormulaError) as refused:
        law.log_prob(x=X)
    (found,) = refused.value.diagnostics
    assert found.code.startswith("F2D-") and found.span is not None and found.hint


def test_a_divergence_between_laws_of_different_variables_is_refused() -> None:
    bound = {"q(z|x)": f2d.Normal(loc=linear(D, Z), scale=0.5), "p(a)": f2d.Normal(loc=0.0, scale=1.0, event_shape=Z)}
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile("KL[q(z|x) || p(a)]", bound)
    assert all(each.span is not None for each in refused.value.diagnostics)


def test_the_direction_of_a_divergence_is_the_one_written() -> None:
    laws = td.Normal(0.0, 1.0), td.Normal(1.0, 2.0)
    bound = {
        "q(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=1),
        "p(z)": f2d.Normal(loc=1.0, scale=2.0, event_shape=1),
    }
    for text, pair in (("KL[q(z) || p(z)]", laws), ("KL[p(z) || q(z)]", laws[::-1])):
        out = f2d.compile(text, bound)()
        assert out.loss.item() == out.value.item() == pytest.approx(td.kl_divergence(*pair).item())


def test_two_laws_of_one_variable_are_not_both_the_data() -> None:
    """A discriminator between p and q cannot be given one sample for both."""
    text = r"-E_{p(x)}[\log d(x)] - E_{q(x)}[\log(1 - d(x))]"
    with pytest.raises(f2d.FormulaError):
        f2d.compile(text, {"d": f2d.Sigmoid(linear(D, 1))}, maximize=False)


def test_a_cycle_of_conditionals_is_refused_when_it_is_built() -> None:
    bound = {"p(x|z)": f2d.Normal(loc=linear(Z, D), scale=1.0), "p(z|x)": f2d.Normal(loc=linear(D, Z), scale=1.0)}
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.distribution("p(x|z) p(z|x)", bound)
    assert all(each.span is not None for each in refused.value.diagnostics)


def test_the_posterior_of_a_mixture_is_over_its_class() -> None:
    network = linear(3, D)
    law = f2d.distribution("p(z|x)", {"p(z)": ONE_HOT, "p(x|z)": f2d.Normal(loc=network, scale=1.0)})
    joint = td.Normal(network(torch.eye(3).double()), 1.0).log_prob(X.unsqueeze(1)).sum(-1) + WEIGHTS.log()
    torch.testing.assert_close(law.mean(x=X), joint.softmax(-1))
    assert list(law.sample(x=X)) == ["z"]
    assert law.graph.nodes["x"]["kind"] != law.graph.nodes["z"]["kind"]


def test_a_mixture_with_conditional_components_draws_in_one_pass() -> None:
    network = Counted(Joined(linear(3 + Z, D)))
    bound = {"p(y)": ONE_HOT, "p(x|y,z)": f2d.Normal(loc=network, scale=1.0)}
    law = f2d.distribution(r"\sum_y p(x|y,z) p(y)", bound)
    z = tensor(BATCH, Z)
    assert law.sample(11, z=z)["x"].shape == (11, BATCH, D)
    assert len(network.shapes) == 1
    locs = torch.stack([network(y.expand(BATCH, 3), z) for y in torch.eye(3).double()])
    parts = td.Normal(locs, 1.0).log_prob(X).sum(-1) + WEIGHTS.log()[:, None]
    torch.testing.assert_close(law.log_prob(x=X, z=z), parts.logsumexp(0))


def test_a_variable_without_neighbours_is_in_the_graph() -> None:
    bound = {f"p({name})": f2d.Normal(loc=0.0, scale=1.0, event_shape=Z) for name in "xz"}
    assert sorted(f2d.distribution("p(x) p(z)", bound).graph.nodes) == ["x", "z"]


def test_one_density_for_each_value_of_a_class_may_be_bound() -> None:
    locs = [torch.full((D,), float(k)).double() for k in range(3)]
    bound = {f"p(x|z={k})": f2d.Normal(loc=loc, scale=1.0) for k, loc in enumerate(locs)}
    law = f2d.distribution("p(z|x)", bound | {"p(z)": f2d.Categorical(probs=WEIGHTS)})
    joint = td.Normal(torch.stack(locs), 1.0).log_prob(X.unsqueeze(1)).sum(-1) + WEIGHTS.log()
    torch.testing.assert_close(law.params(x=X)["logits"].softmax(-1), joint.softmax(-1))
