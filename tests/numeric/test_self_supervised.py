"""Predictions of one view by another: with averaged weights, with stopped gradients; predictions of later steps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, mse_loss, normalize

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor

N = 6
X, Y = tensor(N, 4, seed=1), tensor(N, 4, seed=2)
F, G, Q = linear(4, 3), linear(3, 5), linear(5, 5)
NETWORKS = {r"f_\theta": F, r"g_\theta": G, r"q_\theta": Q}
FOLLOWS = r"\xi \leftarrow \tau\xi + (1-\tau)\theta; \tau = 0.9"
CODES = r"z_\theta = g_\theta(f_\theta(x)); z'_\xi = g_\xi(f_\xi(x'))"


def regression(first: Tensor, second: Tensor) -> Tensor:
    """Grill et al. 2020, equation 2; targets start as copies."""
    target = normalize(G(F(second)).detach(), dim=1)
    return mse_loss(normalize(Q(G(F(first))), dim=1), target, reduction="none").sum(1).mean()


BYOL = {
    "squared distance": [
        r"\mathcal{L}_{\theta,\xi} = \|\bar q_\theta(z_\theta) - \bar z'_\xi\|_2^2",
        r"\bar q_\theta(u) = q_\theta(u) / \|q_\theta(u)\|_2; \bar z'_\xi = z'_\xi / \|z'_\xi\|_2",
        CODES,
        FOLLOWS,
    ],
    "inner product": [
        r"\mathcal{L}_{\theta,\xi} = 2 - 2 \cdot "
        r"\frac{\langle q_\theta(z_\theta), z'_\xi \rangle}{\|q_\theta(z_\theta)\|_2 \cdot \|z'_\xi\|_2}",
        CODES,
        FOLLOWS,
    ],
    "as published": [
        r"\mathcal{L}_{\theta,\xi} \triangleq \|\bar q_\theta(z_\theta) - \bar z'_\xi\|_2^2 = 2 - 2 \cdot "
        r"\frac{\langle q_\theta(z_\theta), z'_\xi \rangle}{\|q_\theta(z_\theta)\|_2 \cdot \|z'_\xi\|_2}",
        CODES,
        FOLLOWS,
    ],
}


@pytest.mark.parametrize("text", BYOL.values(), ids=BYOL)
def test_targets_of_averaged_weights(text: list[str]) -> None:
    found = checked(text, NETWORKS, x=X, x_prime=Y)
    torch.testing.assert_close(found, regression(X, Y).detach())
    objective = f2d.compile(text, NETWORKS)
    objective(x=X, x_prime=Y).loss.backward()
    regression(X, Y).backward()
    assert F.weight.grad is not None
    torch.testing.assert_close(F.weight.grad / 2, torch.autograd.grad(regression(X, Y), F.weight)[0])
    F.zero_grad()


def test_both_views() -> None:
    text = [
        r"\mathcal{L}^{BYOL} = \mathcal{L}(x, x') + \mathcal{L}(x', x)",
        r"\mathcal{L}(x, x') = \|\bar q_\theta(g_\theta(f_\theta(x))) - \bar g_\xi(f_\xi(x'))\|^2",
        r"\bar g_\xi(u) = g_\xi(u) / \|g_\xi(u)\|",
        r"\bar q_\theta(u) = q_\theta(u) / \|q_\theta(u)\|",
        FOLLOWS,
    ]
    expected = regression(X, Y) + regression(Y, X)
    torch.testing.assert_close(checked(text, NETWORKS, x=X, x_prime=Y), expected.detach())


def test_targets_move_after_each_step() -> None:
    objective = f2d.compile(BYOL["inner product"], NETWORKS)
    before = F.weight.detach().clone()
    with torch.no_grad():
        F.weight.add_(1.0)
    objective.update_targets()
    target = dict(objective.named_modules())["f_theta_target"].weight  # type: ignore[union-attr]
    torch.testing.assert_close(target, 0.9 * before + 0.1 * (before + 1.0))
    with torch.no_grad():
        F.weight.copy_(before)


@pytest.mark.parametrize("dot", [r"\cdot", r"^\top"])
def test_stopped_gradients(dot: str) -> None:
    """Chen and He 2021, equations 1 and 4."""
    product = r"\frac{p}{\|p\|_2} \cdot \frac{z}{\|z\|_2}" if dot == r"\cdot" else r"\frac{p^\top z}{\|p\|_2 \|z\|_2}"
    text = [
        r"\mathcal{L} = \frac12 D(p_1, \mathrm{stopgrad}(z_2)) + \frac12 D(p_2, \mathrm{stopgrad}(z_1))",
        rf"D(p, z) = - {product}",
        r"p_1 = h(z_1); p_2 = h(z_2); z_1 = g(f(x_1)); z_2 = g(f(x_2))",
    ]
    z = [G(F(each)).detach() for each in (X, Y)]
    p = [Q(each).detach() for each in z]
    expected = -(cosine_similarity(p[0], z[1]).mean() + cosine_similarity(p[1], z[0]).mean()) / 2
    torch.testing.assert_close(checked(text, {"f": F, "g": G, "h": Q}, x_1=X, x_2=Y), expected)


# -- later steps -----------------------------------------------------------------------------------------

STEPS = 5
SERIES = tensor(4, STEPS, 4, seed=3)
MAPS = [nn.Parameter(tensor(3, 2, seed=5)), nn.Parameter(tensor(3, 2, seed=6))]


def recurrent() -> nn.GRU:
    torch.manual_seed(0)
    return nn.GRU(3, 2, batch_first=True, dtype=torch.float64)


def prediction(net: nn.GRU, ahead: int, weights: Tensor) -> Tensor:
    """Oord et al. 2018, equation 4: at each step the own later code among those of all examples; summed over steps."""
    codes = F(SERIES).detach()
    contexts, _ = net(codes)
    total = torch.zeros((), dtype=torch.float64)
    for t in range(STEPS - ahead):
        scores = contexts[:, t] @ weights.T @ codes[:, t + ahead].T
        total = total + cross_entropy(scores, torch.arange(len(SERIES)))
    return total.detach()


RATIO = r"\frac{\exp(z_{t+k}^T W_k c_t)}{\sum_{x_j \in X} \exp(z_j^T W_k c_t)}"
MADE = r"z_t = g_{enc}(x_t); c_t = g_{ar}(z_{\le t})"


@pytest.mark.parametrize("ahead", [1, 2])
@pytest.mark.parametrize("expectation", ["E_X", r"\mathbb{E}_{X \sim D}", r"\mathbb{E}"])
def test_one_distance(ahead: int, expectation: str) -> None:
    """The mean over all steps that have a step so far ahead."""
    net = recurrent()
    bound = {"g_{enc}": F, "g_{ar}": net, f"W_{ahead}": MAPS[0]}
    text = [rf"\mathcal{{L}} = -{expectation}\left[\log {RATIO}\right]", MADE, f"k = {ahead}"]
    expected = prediction(net, ahead, MAPS[0]) / (STEPS - ahead)
    torch.testing.assert_close(checked(text, bound, x=SERIES), expected)


def test_several_distances() -> None:
    net = recurrent()
    bound = {"g_{enc}": F, "g_{ar}": net, "W_1": MAPS[0], "W_2": MAPS[1]}
    text = [rf"\mathcal{{L}} = -\sum_{{t=1}}^T \sum_{{k=1}}^2 E\left[\log {RATIO}\right]", MADE]
    expected = prediction(net, 1, MAPS[0]) + prediction(net, 2, MAPS[1])
    torch.testing.assert_close(checked(text, bound, x=SERIES), expected)


def test_negatives_without_the_present_example() -> None:
    net = recurrent()
    own = r"\exp(z_{t+1}^\top W c_t)"
    text = [
        rf"\mathcal{{L}} = -\log \frac{{{own}}}{{{own} + \sum_{{x_j \in X_{{\text{{neg}}}}}} \exp(z_j^\top W c_t)}}",
        MADE,
    ]
    found = checked(text, {"g_{enc}": F, "g_{ar}": net, "W": MAPS[0]}, x=SERIES)
    torch.testing.assert_close(found, prediction(net, 1, MAPS[0]) / (STEPS - 1))


def test_a_function_of_each_distance() -> None:
    """Equation 3 defines what equation 4 reads."""
    net = recurrent()
    text = [
        r"\mathcal{L}_N = -\mathbb{E}_X\left[\log\frac{f_k(x_{t+k},c_t)}{\sum_{x_j\in X} f_k(x_j,c_t)}\right]",
        r"f_k(x, c) = \exp(g_{enc}(x)^\top W_k c)",
        MADE,
        "k = 1",
    ]
    found = checked(text, {"g_{enc}": F, "g_{ar}": net, "W_1": MAPS[0]}, x=SERIES)
    torch.testing.assert_close(found, prediction(net, 1, MAPS[0]) / (STEPS - 1))


def test_a_distance_that_nothing_says_is_refused() -> None:
    bound = {"g_{enc}": F, "g_{ar}": recurrent(), "W_1": MAPS[0]}
    with pytest.raises(f2d.FormulaError, match="F2D-0563"):
        f2d.compile([rf"\mathcal{{L}} = -E_X\left[\log {RATIO}\right]", MADE], bound)
