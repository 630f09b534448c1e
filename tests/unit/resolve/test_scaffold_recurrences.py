"""Default networks of sequences and recurrences: which one a formula asks for; generated code as the reference."""

from __future__ import annotations

import pytest

from formula2dgm.ir.program import Scaffold
from tests.support.default_agreement import assert_defaults_agree
from tests.support.small import assumed, codes, program

X, Y, Z = r"x_t \in \mathbb{R}^3", r"y_t \in \mathbb{R}^2", r"z_t \in \mathbb{R}^2"
OF_STATE = r"\max \sum_{t=1}^T \log p(x_t|h_t)"
OF_CODE = r"\max \sum_{t=1}^T \log p(y_t|b_t)"
CHAIN = r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},GIVEN)}[\log p(x_t|z_t) + \log p(z_t|z_{t-1}) - \log q(z_t|z_{t-1},GIVEN)]"


def scaffold(statements: list[str], label: str, **options: object) -> Scaffold:
    found = program(statements, {}, scaffold=True, **options)
    (made,) = (each.scaffold for each in found.networks if each.label == label)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("definition", "sequence"),
    [
        ("b_{1:T} = f(x_{1:T})", "both"),
        (r"b_t = f(x_{\le t})", "forward"),
        ("b_t = f(x_{<t})", "forward"),
        ("b_t = f(x_{1:t})", "forward"),
        ("b_t = f(x_{t:T})", "backward"),
    ],
)
def test_the_steps_that_are_given_say_the_direction(definition: str, sequence: str) -> None:
    made = scaffold([OF_CODE, definition, X, Y], "f")
    assert made.sequence == sequence and made.inputs == (("x", (3,)),)
    assert [shape for _, _, shape in made.heads] == [(32,)]


def test_a_summary_of_a_sequence() -> None:
    statements = [r"\max E_{q(z|x_{1:T})}[\sum_{t=1}^T \log p(x_t|z)] - KL[q(z|x_{1:T}) || p(z)]", X]
    made = scaffold([*statements, r"z \in \mathbb{R}^2"], "q(z|x)")
    assert made.sequence == "summary" and made.steady == ()
    assert [(name, shape) for name, _, shape in made.heads] == [("loc", (2,)), ("scale", (2,))]


def test_what_is_the_same_at_all_steps_is_steady() -> None:
    made = scaffold([OF_CODE, "b_{1:T} = f(u, x_{1:T})", X, Y, r"u \in \mathbb{R}^4"], "f")
    assert made.sequence == "both" and made.steady == (0,)


@pytest.mark.parametrize(
    ("definition", "inputs", "state"),
    [
        ("h_t = f(x_{t-1}, h_{t-1})", ("x", "h"), (1,)),
        ("h_t = f(h_{t-1}, x_{t-1})", ("h", "x"), (0,)),
        ("(h_t, c_t) = f(x_{t-1}, h_{t-1}, c_{t-1})", ("x", "h", "c"), (1, 2)),
        ("(h_t, c_t) = f((h_{t-1}, c_{t-1}), x_{t-1})", ("h", "c", "x"), (0, 1)),
        ("(h_t, c_t) = f(c_{t-1}, h_{t-1}, x_{t-1})", ("c", "h", "x"), (1, 0)),
    ],
)
def test_a_step_knows_its_own_last_values(definition: str, inputs: tuple[str, ...], state: tuple[int, ...]) -> None:
    made = scaffold([OF_STATE, definition, X], "f")
    assert tuple(name[0] for name, _ in made.inputs) == inputs
    assert made.state == state
    assert all(shape == (32,) for _, _, shape in made.heads)


def test_a_result_that_is_not_carried() -> None:
    made = scaffold([r"\max \sum_{t=1}^T \log p(x_t|y_t)", "(y_t, h_t) = f(x_{t-1}, h_{t-1})", X], "f")
    assert made.state == (None, 1)


def test_options_and_spaces_size_what_is_carried() -> None:
    step = "h_t = f(x_{t-1}, h_{t-1})"
    assert scaffold([OF_STATE, step, X], "f", dims={"h": 5}).heads[0][2] == (5,)
    assert scaffold([OF_STATE, step, X, r"h_t \in \mathbb{R}^6"], "f").heads[0][2] == (6,)
    assert "h has 32 dimensions" in assumed([OF_STATE, step, X], {}, scaffold=True)


@pytest.mark.parametrize(
    ("given", "sequence"), [("x_{t:T}", "backward"), ("x_{1:T}", "both"), (r"x_{\le t}", "forward")]
)
def test_a_density_of_steps_reads_a_sequence_through_one_code(given: str, sequence: str) -> None:
    """The recurrent network runs once, before the loop over the draws."""
    found = program([CHAIN.replace("GIVEN", given), X, Z], {}, scaffold=True)
    networks = {each.name: each.scaffold for each in found.networks}
    code, law = networks["q_z_given_z_x_code_of_x"], networks["q_z_given_z_x"]
    assert code is not None and code.sequence == sequence and code.inputs == (("x", (3,)),)
    assert law is not None and law.sequence is None
    assert [shape for _, shape in law.inputs] == [(2,), (32,)]


def test_the_steps_so_far_and_to_come_are_read_by_a_network_each() -> None:
    assert codes([OF_CODE, r"b_t = f(x_{\le t}, x_{t:T})", X, Y], {}, scaffold=True) == ["F2D-0640"]


@pytest.mark.parametrize(
    "statements",
    [
        [OF_STATE, "h_t = f(x_{t-1}, h_{t-1})", X],
        [OF_STATE, "(h_t, c_t) = f(x_{t-1}, (h_{t-1}, c_{t-1}))", X],
        [OF_CODE, "b_{1:T} = f(x_{1:T})", X, Y],
        [OF_CODE, r"b_t = f(x_{\le t})", X, Y],
        [OF_CODE, "b_t = f(x_{t:T})", X, Y],
        [r"\max \sum_{t=1}^T \log p(x_t|x_{<t})", X],
        [CHAIN.replace("GIVEN", "x_{t:T}"), X, Z],
        [CHAIN.replace("GIVEN", "x_{1:T}"), X, Z],
    ],
)
def test_generated_code_computes_what_the_reference_does(statements: list[str]) -> None:
    assert_defaults_agree(statements, {})
