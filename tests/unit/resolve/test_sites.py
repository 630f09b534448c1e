"""Site names: the variable where one site draws it, else the density, repeats numbered."""

from __future__ import annotations

import torch
from torch import nn

import formula2dgm as f2d
from tests.support.small import Gaussian, Model, program


def names(formula: str | list[str], **more: object) -> list[str]:
    return [each.name for each in program(formula, {**Model().bindings, **more}).sites]


def test_by_variable() -> None:
    assert names(r"\max E_{q(z|x)}[\log p(x|z)]") == ["z"]
    assert names(
        r"\max E_{q(z|x)}[E_{q(w|z)}[f(w,z)]]", **{"q(w|z)": f2d.Normal(Gaussian(2)), "f": nn.Bilinear(2, 2, 1)}
    ) == [
        "z",
        "w",
    ]


def test_by_density() -> None:
    formula = r"\max E_{q(z|x)}[\log p(x|z)] + E_{p(z)}[\log p(x|z)]"
    assert names(formula) == ["q(z|x)", "p(z)"]


def test_repeats_are_numbered() -> None:
    formula = r"\max E_{q(z|x)}[\log p(x|z)] * E_{q(z|x)}[\log p(z)] * E_{p(z)}[\log p(x|z)]"
    assert sorted(names(formula)) == ["p(z)", "q(z|x)", "q(z|x)#2"]


def test_axes_say_what_noise_is_asked_for() -> None:
    found = program(
        r"\max \frac1M \sum_{m=1}^M E_{z_{1:K}\sim q(z|x)}[\log \frac1K \sum_{k=1}^K p(x|z_k)]",
        {**Model().bindings, "M": 2, "K": 3},
    )
    assert [(axis.kind, axis.size) for axis in found.sites[0].axes] == [
        ("replicate", "M"),
        ("sample", "K"),
        ("batch", None),
    ]


def test_a_permutation_is_a_site() -> None:
    found = program(r"\max E_{p_D(x)p_D(y)}[f(x,y)]", {"f": nn.Bilinear(2, 2, 1)})
    assert [(each.name, each.noise) for each in found.sites] == [("y", "permutation")]


def test_one_label_two_laws_keep_their_own_noise() -> None:
    """Two draws of z: each is moved by its own noise alone."""
    model = Model()
    formula = r"\max E_{q(z|x)}[\log p(x|z)] + E_{p(z)}[\log p(x|z)]"
    noise = {"q(z|x)": model.eps, "p(z)": model.other}
    expected = (model.log_p(model.z()) + model.log_p(model.other)).mean()
    torch.testing.assert_close(model.value(formula, noise), expected)
