"""Steps in round brackets."""

from __future__ import annotations

import pytest

from tests.readings.golden import read

STEPS = {
    "a controlled system": (
        r"x(t+1) = A x(t) + B u(t), \quad y(t) = C x(t), \quad x(0) = 0",
        ["x_{t+1} = A x_t + B u_t", "y_t = C x_t", "x_0 = 0"],
    ),
    "parameters of each step": (
        r"\mu_\phi(t), \sigma_\phi(t) = f(h_t) \\ h_t = g(h_{t-1}, x_t)",
        ["(mu_{phi, t}, sigma_{phi, t}) = f(h_t)", "h_t = g(h_{t-1}, x_t)"],
    ),
    "a draw": (r"z(k+1) \sim q(z(k+1)|z(k))", ["z_{k+1} ~ q(z_{k+1}|z_k)"]),
}


@pytest.mark.parametrize(("text", "meant"), STEPS.values(), ids=STEPS)
def test_what_is_defined_at_a_step_is_a_value_of_the_step(text: str, meant: list[str]) -> None:
    found = read(text)
    assert found.errors == [] and found.texts == meant
    assert any(note.endswith("a value of the step, no function") for note in found.notes)


FUNCTIONS = {
    "of a time that is a value": r"\alpha(t) = 1 - t",
    "of a time that is given to a network": r"\lambda(t) = g(t); \|\epsilon - f(x_t, t)\|^2",
    "of a time that is drawn": r"w(t) = \beta; E_{t \sim U(0, 1)}[w(t) x]",
    "of a variable": r"z = f(x)",
    "of a state": r"\alpha_t(j) = \sum_i \alpha_{t-1}(i) a_{ij}",
}


@pytest.mark.parametrize("text", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_stays_one(text: str) -> None:
    assert not any("a value of the step" in note for note in read(text).notes)
