"""ELBO, NLL and CE are what they stand for: the same program as the formula written out."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

DIMS = {"x": 4, "z": 2}


def body(formula: str) -> str:
    """The statements of the forward, without what names the formula."""
    source = f2d.compile(formula, scaffold=True, dims=DIMS).source
    return source[source.index("    def forward") : source.index("    def ", source.index("    def forward") + 8)]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        (r"\max ELBO(p(x,z), q(z|x))", r"\max E_{q(z|x)}[\log p(x,z) - \log q(z|x)]"),
        (r"\max \mathrm{ELBO}[p(x,z); q(z|x)]", r"\max E_{q(z|x)}[\log p(x,z) - \log q(z|x)]"),
        (r"\max \mathrm{ELBO}(q(z|x), p(x|z) p(z))", r"\max E_{q(z|x)}[\log p(x|z) p(z) - \log q(z|x)]"),
        (r"\mathcal{L} = -\mathrm{ELBO}(p(x,z), q(z|x))", r"\mathcal{L} = -E_{q(z|x)}[\log p(x,z) - \log q(z|x)]"),
        (
            r"\min E_{q(z|x)}[\mathrm{NLL}[p(x|z)]] + KL[q(z|x) \| p(z)]",
            r"\min E_{q(z|x)}[-\log p(x|z)] + KL[q(z|x) \| p(z)]",
        ),
        (r"\min \mathrm{CE}(q(z|x), p(z))", r"\min H(q(z|x), p(z))"),
        (r"\min CE[q(z|x) || p(z)]", r"\min H(q(z|x), p(z))"),
    ],
)
def test_a_name_is_what_it_stands_for(written: str, means: str) -> None:
    assert body(written) == body(means)


def test_it_is_an_assumption() -> None:
    objective = f2d.compile(r"\max ELBO(p(x,z), q(z|x))", scaffold=True, dims=DIMS)
    assert "ELBO(p(x, z), q(z|x)) is E_q(z|x)[log p(x, z) - log q(z|x)]" in objective.assumptions


@pytest.mark.parametrize(
    "text", [r"\max \mathrm{ELBO}(q)", r"\max \mathrm{ELBO}(p(x|z), p(z))", r"\min \mathrm{FOO}(p(x|z))"]
)
def test_what_names_no_joint_is_refused(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        f2d.compile(text, scaffold=True, dims=DIMS)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0330" and found.span is not None


def test_a_name_that_the_text_defines_is_left_alone() -> None:
    defined = r"\log p(x) \ge \mathrm{ELBO}(q) = E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]"
    assert body(defined) == body(r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]")
