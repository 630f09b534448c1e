"""Vectors of class probabilities compared: distillation with a temperature, labels and soft targets."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, log_softmax

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor

X = tensor(5, 3, seed=1)
LABELS = torch.tensor([0, 3, 1, 2, 3])
TEACHER, STUDENT = linear(3, 4), linear(3, 4)


def soft(temperature: float) -> Tensor:
    ours, theirs = (log_softmax(each(X).detach() / temperature, -1) for each in (STUDENT, TEACHER))
    return temperature**2 * kl_div(ours, theirs, log_target=True, reduction="batchmean")


def test_temperatures() -> None:
    """Hinton et al. 2015."""
    text = [
        r"\min_\theta \tau^2 KL[\mathrm{softmax}(z_T/\tau) \| \mathrm{softmax}(z_S/\tau)]",
        r"z_T=f_T(x); z_S=f_S(x); \tau=2",
    ]
    torch.testing.assert_close(checked(text, {"f_T": TEACHER, "f_S": STUDENT}, x=X), soft(2.0))


def test_names_of_the_vectors() -> None:
    text = [r"\min KL[p \| q]", r"p = \mathrm{softmax}(f(x)/2); q = \mathrm{softmax}(g(x)/2)"]
    torch.testing.assert_close(checked(text, {"f": TEACHER, "g": STUDENT}, x=X), soft(2.0) / 4)


def test_labels_beside_soft_targets() -> None:
    text = [
        r"\min_\theta (1-\lambda) CE(y, \mathrm{softmax}(f_\theta(x)))"
        r" + \lambda\tau^2 KL[\mathrm{softmax}(g(x)/\tau)\|\mathrm{softmax}(f_\theta(x)/\tau)]",
        r"\tau=2; \lambda=0.3; y \in \{1,\dots,4\}",
    ]
    found = checked(text, {"f": STUDENT, "g": TEACHER}, x=X, y=LABELS)
    torch.testing.assert_close(found, 0.7 * cross_entropy(STUDENT(X), LABELS).detach() + 0.3 * soft(2.0))


def test_teachers_of_the_same_letter_are_held_constant() -> None:
    text = [r"\min_\theta E_x[KL[p_T(y|x)\|p_\theta(y|x)]]", r"y \in \{1,\dots,4\}"]
    objective = f2d.compile(text, {"p_T(y|x)": f2d.Categorical(TEACHER), r"p_\theta(y|x)": f2d.Categorical(STUDENT)})
    for each in TEACHER.parameters():
        each.grad = None
    out = objective(x=X)
    out.loss.backward()
    torch.testing.assert_close(out.loss.detach(), soft(1.0))
    assert all(each.grad is None for each in TEACHER.parameters())
