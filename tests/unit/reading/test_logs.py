"""A log without brackets ends before what would make no sense under it."""

from __future__ import annotations

import pytest

from tests.readings.golden import read


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        # the return of a policy gradient, no part of the policy
        (r"\nabla_\theta \log \pi(a|s) \left( \sum_t r_t \right)", r"(\nabla_\theta \log \pi(a|s)) \sum_t r_t"),
        (r"\log p(x) \left( \sum_i w_i \right)", r"(\log p(x)) \sum_i w_i"),
        (r"\nabla_\theta \log \pi(a|s) \sum_u r(a_u, s_u)", r"(\nabla_\theta \log \pi(a|s)) \sum_u r(a_u, s_u)"),
        (r"\log \pi(a|s) \sum_u r(a_u, s_u)", r"(\log \pi(a|s)) \sum_u r(a_u, s_u)"),
        # the density that weighs the log stands under it already
        (r"\int \log \frac{p(z, x)}{q(z)} q(z) dz", r"\int \left(\log \frac{p(z, x)}{q(z)}\right) q(z) dz"),
        (r"\sum_x \log \frac{p(x)}{q(x)} p(x)", r"\sum_x \left(\log \frac{p(x)}{q(x)}\right) p(x)"),
        # a logarithm that divides
        (r"\log p(x|z) / \log q(z|x)", r"(\log p(x|z)) / (\log q(z|x))"),
        # a score times a density that makes no joint with it
        (r"\nabla_\theta \log \pi(a|s) \, \pi(a|s)", r"(\nabla_\theta \log \pi(a|s)) \pi(a|s)"),
        (r"\nabla_\theta \log \pi(a|s) r(s, a)", r"(\nabla_\theta \log \pi(a|s)) r(s, a)"),
        # the measure of the integral and of the sum over values
        (r"\int \log p(x|z) p(z) dz", r"\int (\log p(x|z)) p(z) dz"),
        (r"-\int \log p(x|z) q(z|x) dz", r"-\int (\log p(x|z)) q(z|x) dz"),
        (r"\sum_z \log p(x, z) q(z|x)", r"\sum_z (\log p(x, z)) q(z|x)"),
    ],
)
def test_what_ends_a_log(formula: str, meant: str) -> None:
    found = read(formula)
    assert found.errors == [] and found.texts == read(meant).texts
    assert any(note.startswith("log covers") and ", not " in note for note in found.notes)


@pytest.mark.parametrize(
    "formula",
    [
        "log p(x|z) p(z)",
        "grad_theta log p(x|z) p(z)",
        "int q(z|x) log p(x|z) p(z) dz",
        "sum_{x in calD} log p(x|z) p(z)",
        "log p(z) prod_i p(x_i|z)",
        "log 1/K sum_k w_k",
        "log sum_z p(x|z) p(z)",
    ],
)
def test_what_a_log_covers(formula: str) -> None:
    """A joint, the terms of a joint under a weight of its own, what runs into a sum."""
    assert read(formula).texts == [formula]
