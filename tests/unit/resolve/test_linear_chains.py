"""Integrals over linear-Gaussian chains: which are recognised, what they are made of, which are refused."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from formula2dgm import driver
from formula2dgm.bindings import NO_BINDINGS, Options
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve import resolve

MOTION = r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; A z_{t-1} + b, Q)"
EMISSION = r"p(x_t|z_t) = \mathcal{N}(x_t; C z_t + d, R)"
START = r"p(z_1) = \mathcal{N}(z_1; m, P)"
SPACES = r"x_t \in \mathbb{R}^3; z_t \in \mathbb{R}^2"
INTEGRAL = r"\max \log \int p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t) \, dz_{1:T}"


def program(*statements: str) -> Program:
    found = driver.read(list(statements), ()).raise_errors()
    return resolve(found.statements, NO_BINDINGS, Options(scaffold=True), found.notes)


def chains(made: Program) -> list[ir.LinearChain]:
    return [each for each in walk(*made.roots) if isinstance(each, ir.LinearChain)]


def codes(*statements: str) -> list[tuple[str, str]]:
    """Each error's code, and the text that its span covers."""
    errors = (each for each in f2d.check(list(statements)) if each.severity == "error")
    return [(each.code, each.span.text if each.span else "") for each in errors]


def test_an_integral_over_a_chain_is_one_filter() -> None:
    made = program(INTEGRAL, MOTION, EMISSION, START, SPACES)
    (chain,) = chains(made)
    assert not chain.before
    assert [axis.kind for axis in chain.axes] == ["batch", "time"]
    assert isinstance(chain.matrix, ir.Param) and chain.matrix.name == "A"
    assert not any(isinstance(each, ir.Draw) for each in walk(*made.roots))
    assert any("Kalman filter" in each.text for each in made.assumptions)


def test_all_spellings_of_one_chain_are_one_node() -> None:
    joint = r"p(x_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)"
    rest = (MOTION, EMISSION, START, SPACES)
    spellings = (
        (INTEGRAL, *rest),
        (r"\max \log \int p(x_{1:T}, z_{1:T}) \, dz_{1:T}", joint, *rest),
        (r"\max \log p(x_{1:T})", joint, *rest),
        (r"\max \log \int p(z_1) p(x_1|z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t) \, dz_{1:T}", *rest),
    )
    texts = {str([ir_text(each) for each in chains(program(*spelling))]) for spelling in spellings}
    assert len(texts) == 1


def ir_text(chain: ir.LinearChain) -> str:
    names = [each.name for each in walk(chain) if isinstance(each, ir.Param | ir.Data)]
    return f"{names} {chain.before} {chain.time}"


def test_a_likelihood_is_maximised() -> None:
    (objective,) = program(INTEGRAL.removeprefix(r"\max "), MOTION, EMISSION, START, SPACES).objectives
    assert objective.maximize


def test_parameters_that_nothing_gives_are_learned() -> None:
    made = program(INTEGRAL, MOTION, EMISSION, START, SPACES)
    shapes = {each.name: each.shape for each in made.parameters}
    assert shapes == {
        "A": (2, 2),
        "b": (2,),
        "log_Q": (2,),
        "C": (3, 2),
        "d": (3,),
        "log_R": (3,),
        "m": (2,),
        "log_P": (2,),
    }
    assert not made.hyperparameters
    assert any(each.text.startswith("A is learned, 2 x 2: it starts at the identity") for each in made.assumptions)


def test_the_matrix_of_an_input_is_learned() -> None:
    motion = r"p(z_t|z_{t-1}, u_t) = \mathcal{N}(z_t; A z_{t-1} + B u_t, Q)"
    integral = INTEGRAL.replace("p(z_t|z_{t-1})", "p(z_t|z_{t-1}, u_t)")
    made = program(integral, motion, EMISSION, START, SPACES, r"u_t \in \mathbb{R}^4")
    assert {each.name: each.shape for each in made.parameters}["B"] == (2, 4)
    assert {each.name for each in made.inputs} == {"x", "u"}


def test_a_state_that_nothing_sizes_has_a_default_size() -> None:
    made = program(INTEGRAL, MOTION, EMISSION, START, r"x_t \in \mathbb{R}^3")
    assert {each.name: each.shape for each in made.parameters}["A"] == (16, 16)
    assert any(each.text == "z has 16 dimensions" for each in made.assumptions)


def test_an_observation_that_nothing_sizes_is_refused() -> None:
    assert codes(INTEGRAL, MOTION, EMISSION, START) == [("F2D-0419", "p(x_t|z_t)")]


@pytest.mark.parametrize(
    ("statements", "place"),
    (
        ((r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; f(z_{t-1}), Q)", EMISSION), "p(z_t|z_{t-1})"),
        ((r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; A \tanh(z_{t-1}), Q)", EMISSION), "p(z_t|z_{t-1})"),
        ((r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; A z_{t-1}, \sigma^2(z_{t-1}) I)", EMISSION), "p(z_t|z_{t-1})"),
        ((MOTION, r"p(x_t|z_t) = \mathrm{Bernoulli}(x_t; f(z_t))"), "p(x_t|z_t)"),
        ((MOTION, r"p(x_t|z_t) = \mathcal{N}(x_t; z_t \odot z_t, R)"), "p(x_t|z_t)"),
    ),
)
def test_what_is_not_linear_and_gaussian_is_refused_with_its_bound(statements: tuple[str, ...], place: str) -> None:
    assert codes(INTEGRAL, *statements, START, SPACES) == [("F2D-0457", place)]
    (error,) = (each for each in f2d.check([INTEGRAL, *statements, START, SPACES]) if each.severity == "error")
    assert error.hint is not None and "q(z_{1:T}|x_{1:T})" in error.hint


@pytest.mark.parametrize(
    ("body", "why"),
    (
        (r"p(z_1) \prod_{t=3}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)", "between"),
        (r"p(z_1) \prod_{t=1}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)", "two laws"),
        (r"\prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)", "no law"),
        (r"p(z_1) \prod_{t=2}^T p(z_t|z_{t-1})", "one factor p(x_t|z_t)"),
        (r"p(z_1) \prod_{t=1}^T p(x_t|z_t)", "one factor p(z_t|z_{t-1})"),
        (r"p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=3}^T p(x_t|z_t)", "does not start"),
        (r"p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t) p(r_t|z_t)", "one factor p(x_t|z_t)"),
    ),
)
def test_what_is_no_chain_is_refused(body: str, why: str) -> None:
    found = f2d.check([rf"\max \log \int {body} \, dz_{{1:T}}", MOTION, EMISSION, START, SPACES])
    (error,) = (each for each in found if each.severity == "error")
    assert error.code == "F2D-0456" and why in error.message


def test_a_likelihood_that_a_statement_says_is_wanted_where_nothing_else_is() -> None:
    statement = r"\log p(x_{1:T}) = \log \int p(x_{1:T}, z_{1:T}) \, dz_{1:T}"
    joint = r"p(x_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)"
    made = program(statement, joint, MOTION, EMISSION, START, SPACES)
    (objective,) = made.objectives
    assert objective.maximize and len(chains(made)) == 1


def test_the_marginal_of_one_observation_is_wanted_where_nothing_else_is() -> None:
    made = program(
        r"\log p(x) = \log \int p(x|z) p(z) \, dz",
        r"p(z) = \mathcal{N}(0, I); p(x|z) = \mathcal{N}(z, 2 I)",
        r"x \in \mathbb{R}^3; z \in \mathbb{R}^3",
    )
    assert made.objectives[0].maximize


def test_a_family_may_stand_in_place_of_a_density() -> None:
    made = program(
        r"\max \log \int \mathcal{N}(z_1; 0, I) \prod_{t=2}^T \mathcal{N}(z_t; A z_{t-1}, Q) "
        r"\prod_{t=1}^T \mathcal{N}(x_t; C z_t, R) \, dz_{1:T}",
        SPACES,
    )
    assert {each.name: each.shape for each in made.parameters} == {
        "A": (2, 2),
        "C": (3, 2),
        "log_Q": (2,),
        "log_R": (3,),
    }
