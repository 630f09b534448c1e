"""Named functionals as divergences: which calls are meant, and which are left alone."""

from __future__ import annotations

import pytest

from formula2dgm.completion.densities.named_functionals import write_functionals
from formula2dgm.syntax import parse_one, tree
from tests.support.small import program


def written(*texts: str, bound: tuple[str, ...] = ("q(z|x)",)) -> list[tree.Node]:
    statements = [tree.Statement(node, span=node.span) for node in map(parse_one, texts)]
    return [each.body for each in write_functionals(statements, [parse_one(each) for each in bound])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I_q(x; z)", "MI[q(z|x) || q(z)]"),
        ("I(z; x)", "MI[q(z|x) || q(z)]"),
        ("TC(z)", "KL[q(z) || prod_j q(z_j)]"),
        ("MMD_k(q(z), p(z))^2", "MMD_{k(z, z')}[q(z) || p(z)]"),
        ("D_{MMD}(q(z|x) || p(z))", "MMD_{k(z, z')}[q(z|x) || p(z)]"),
    ],
)
def test_written(text: str, expected: str) -> None:
    (node,) = written(text)
    assert isinstance(node, tree.Labelled) and str(node.body) == expected


def test_the_term_keeps_its_name() -> None:
    (node,) = written("I_q(x; z)")
    assert isinstance(node, tree.Labelled) and node.label == "I_q(x; z)"


@pytest.mark.parametrize("text", ["I(x; y)", "I(x; z | c)", "I(c; G(z, c))", "TC(w)", "I(x)"])
def test_what_no_density_says_is_left_alone(text: str) -> None:
    assert [str(each) for each in written(text)] == [str(parse_one(text))]


def test_what_the_text_defines_or_binds_is_left_alone() -> None:
    assert str(written("E_q(z|x)[TC(z)]", "TC(z) = ||z||^2")[0]) == "E_q(z|x)[TC(z)]"
    assert str(written("I(x, z)", bound=("q(z|x)", "I"))[0]) == "I(x, z)"


def test_the_other_direction_is_no_encoder() -> None:
    """p(z|x) beside p(x|z) is a posterior that nobody samples; q's encoder is preferred to p's."""
    assert str(written("I(x; z)", bound=("p(x|z)",))[0]) == "I(x; z)"
    node = written("I(x; z)", bound=("p(x|z)", "q(z|x)"))[0]
    assert isinstance(node, tree.Labelled) and str(node.body) == "MI[q(z|x) || q(z)]"


def test_a_marginal_of_another_letter_is_declared() -> None:
    body, marginal = written("I(x; z)", bound=("p(z|x)",))
    assert isinstance(body, tree.Labelled) and str(body.body) == "MI[p(z|x) || p(z)]"
    assert str(marginal) == "p(z) = E_{p_data(x)}[p(z|x)]"


def test_a_given_marginal_is_taken() -> None:
    assert len(written("I(x; z)", bound=("p(z|x)", "p(z)"))) == 1


@pytest.mark.parametrize("letter", ["q", "Q"])
def test_the_aggregated_posterior_of_either_letter(letter: str) -> None:
    """Tolstikhin et al. 2018 write Q(Z|X) and Q_Z."""
    text = [
        rf"\min_{{G, {letter}}} E_{{p_{{data}}(x)}} E_{{{letter}(z|x)}}[\|x - G(z)\|_2^2]"
        rf" + \lambda MMD_k({letter}(z), p(z))",
        r"k(u, v) = \frac{1}{1 + \|u - v\|_2^2}; x \in \mathbb{R}^3; z \in \mathbb{R}^2; \lambda = 10",
    ]
    found = program(text, {}, scaffold=True)
    said = [each.text for each in found.assumptions]
    assert f"{letter}(z) is the aggregated posterior: the mean of {letter}(z|x) over the data" in said
    assert [each.name for each in found.inputs] == ["x"]
