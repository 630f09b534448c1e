"""Contrasts between steps from the formula alone: codes, contexts, matrices and negatives that are left unsaid."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_self_supervised import MADE, MAPS, SERIES, STEPS, F, recurrent
from tests.support.default_agreement import assert_defaults_agree

OWN = r"\exp(z_{t+k}^\top W_k c_t)"
TEXTS = {
    "elements": rf"-E\left[\log \frac{{{OWN}}}{{\sum_{{x_j \in X}} \exp(z_j^\top W_k c_t)}}\right]",
    "numbers": rf"-E_{{X \sim D}}\left[\log \frac{{{OWN}}}{{\sum_{{j \in X}} \exp(z_j^\top W_k c_t)}}\right]",
    "negatives": rf"-\log \frac{{{OWN}}}{{{OWN} + \sum_{{x_j \in X_{{neg}}}} \exp(z_j^\top W_k c_t)}}",
    "plain": "-E[log exp(z_{t+k}^T W_k c_t) / sum_{j in X} exp(z_j^T W_k c_t)]",
    "unicode": "-𝔼[log exp(z_{t+k}ᵀ W_k c_t) / ∑_{j ∈ X} exp(z_jᵀ W_k c_t)]",
}


def among_all(codes: Tensor, contexts: Tensor, weights: Tensor, ahead: int) -> Tensor:
    """Oord et al. 2018, equation 4, averaged over the steps: the own later code among those of all examples."""
    losses = [
        cross_entropy(contexts[:, t] @ weights.T @ codes[:, t + ahead].T, torch.arange(len(codes)))
        for t in range(codes.shape[1] - ahead)
    ]
    return torch.stack(losses).mean()


def gradients(loss: Tensor, module: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(module.parameters())))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("ahead", [1, 2])
def test_codes_contexts_and_matrices_are_learned(text: str, ahead: int) -> None:
    torch.manual_seed(0)
    statements = [f"L = {text}", f"k = {ahead}"]
    objective = f2d.compile(statements, scaffold=True, dims={"x": 4}).double()
    weights = getattr(objective, f"W_{ahead}")
    assert torch.equal(weights, torch.eye(16, 32, dtype=torch.float64))
    with torch.no_grad():
        weights.copy_(torch.randn_like(weights))
    codes = objective.g_enc(SERIES.flatten(0, 1)).reshape(*SERIES.shape[:2], -1)
    expected = among_all(codes, objective.g_ar(codes), weights, ahead)
    found = objective(x=SERIES).loss
    torch.testing.assert_close(found, expected)
    for one, other in zip(gradients(found, objective), gradients(expected, objective), strict=True):
        torch.testing.assert_close(one, other)
        assert other.abs().max() > 0


@pytest.mark.parametrize("text", [TEXTS["elements"], TEXTS["negatives"]], ids=["all", "negatives"])
def test_defaults_agree_with_the_reference(text: str) -> None:
    assert_defaults_agree(f"L = {text}", {"x": 4}, {"x": SERIES})


def test_each_distance_is_averaged_over_its_steps() -> None:
    """Where nothing runs over the steps, a sum over distances is one of means."""
    net = recurrent()
    bound = {"g_{enc}": F, "g_{ar}": net, "W_1": MAPS[0], "W_2": MAPS[1]}
    text = [rf"L = \sum_{{k=1}}^2 {TEXTS['elements']}", MADE]
    codes = F(SERIES)
    contexts, _ = net(codes)
    expected = sum(among_all(codes, contexts, MAPS[ahead - 1], ahead) for ahead in (1, 2))
    torch.testing.assert_close(checked(text, bound, x=SERIES), expected.detach())  # type: ignore[union-attr]


@pytest.mark.parametrize("element", [r"\tilde z \in \mathcal{N}_{t,k}", r"\tilde z \in N_t", r"z^- \in S"])
def test_negatives_that_are_values(element: str) -> None:
    """The values of the other examples at the same step, and not the own one."""
    net = recurrent()
    bound = {"g_{enc}": F, "g_{ar}": net, "W_1": MAPS[0]}
    name = element.split(r" \in")[0]
    text = [
        rf"\mathcal{{L}}_{{t,k}} = -\log \frac{{{OWN}}}{{\sum_{{{element}}} \exp(({name})^\top W_k c_t)}}",
        MADE,
        "k = 1",
    ]
    codes = F(SERIES)
    contexts, _ = net(codes)
    losses = []
    for t in range(STEPS - 1):
        scores = contexts[:, t] @ MAPS[0].T @ codes[:, t + 1].T
        others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), -torch.inf)
        losses.append((others.logsumexp(1) - scores.diagonal()).mean())
    torch.testing.assert_close(checked(text, bound, x=SERIES), torch.stack(losses).mean().detach())


def test_a_default_score_under_a_log_is_positive() -> None:
    text = r"L_N = -\mathbb{E}(\log \frac{f_k(x_{t+k}, c_t)}{\sum_{x_j \in X} f_k(x_j, c_t)})"
    torch.manual_seed(0)
    objective = f2d.compile(text, scaffold=True, dims={"x": 4}).double()
    contexts = objective.g_ar(SERIES)
    losses = []
    for t in range(STEPS - 1):
        scores = torch.stack(
            [objective.f_1(other.expand_as(SERIES[:, 0]), contexts[:, t]) for other in SERIES[:, t + 1]], 1
        )
        losses.append(cross_entropy(scores, torch.arange(len(SERIES))))
    torch.testing.assert_close(objective(x=SERIES).loss, torch.stack(losses).mean())


PUBLISHED = [
    r"L_N = -E_X\left[\log \frac{f_k(x_{t+k}, c_t)}{\sum_{x_j \in X} f_k(x_j, c_t)}\right]",
    r"f_k(x_{t+k}, c_t) = \exp(z_{t+k}^T W_k c_t)",
]


def test_a_score_that_is_said_of_codes() -> None:
    """Oord et al. 2018, equations 3 and 4, with what their section 2.3 says."""
    net = recurrent()
    bound = {"g_{enc}": F, "g_{ar}": net, "W_1": MAPS[0]}
    codes = F(SERIES)
    expected = among_all(codes, net(codes)[0], MAPS[0], 1).detach()
    torch.testing.assert_close(checked([*PUBLISHED, MADE, "k = 1"], bound, x=SERIES), expected)


def test_a_score_of_codes_from_the_formula_alone() -> None:
    torch.manual_seed(0)
    objective = f2d.compile(PUBLISHED, scaffold=True, dims={"x": 4, "z": 5}).double()
    codes = objective.g_enc(SERIES.flatten(0, 1)).reshape(*SERIES.shape[:2], -1)
    expected = among_all(codes, objective.g_ar(codes), objective.W_1, 1)
    torch.testing.assert_close(objective(x=SERIES).loss, expected)


def test_what_the_text_says_is_data() -> None:
    text = [f"L = {TEXTS['numbers']}", r"z_t \in \mathbb{R}^4; c_t \in \mathbb{R}^3"]
    objective = f2d.compile(text, scaffold=True)
    assert {each.name for each in objective.program.inputs} == {"z", "c"}
    assert objective.W_1.shape == (4, 3)  # type: ignore[union-attr]


def test_a_context_at_the_step_that_is_predicted_is_none() -> None:
    """A network of what is known up to t would be given the very value that it is to tell from the others."""
    text = r"L = -E\left[\log \frac{\exp(z_t^\top W c_t)}{\sum_{j \in X} \exp(z_j^\top W c_t)}\right]"
    with pytest.raises(f2d.FormulaError, match="F2D-0203.*c is bound to nothing"):
        f2d.compile(text, scaffold=True, dims={"x": 4})


def test_a_set_of_values_that_are_no_negatives_is_left_as_it_is() -> None:
    """``\\sum_{x' \\in V}`` may run over a vocabulary."""
    text = rf"L = -\log \frac{{{OWN}}}{{\sum_{{\tilde z \in V}} \exp(\tilde z^\top W_k c_t)}}"
    with pytest.raises(f2d.FormulaError):
        f2d.compile([text, MADE, "k = 1"], {"g_{enc}": F, "g_{ar}": recurrent(), "W_1": MAPS[0]})


def test_a_matrix_between_vectors_is_learned_once() -> None:
    text = r"\min E[(x^\top W y)^2] + E[(y^\top W^\top x)^2]; x \in \mathbb{R}^3; y \in \mathbb{R}^2"
    objective = f2d.compile(text, scaffold=True).double()
    x, y = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    with torch.no_grad():
        objective.W.copy_(torch.randn(3, 2))  # type: ignore[operator, union-attr]
    expected = 2 * torch.einsum("bi,ij,bj->b", x, objective.W, y).square().mean()
    torch.testing.assert_close(objective(x=x, y=y).loss, expected)
