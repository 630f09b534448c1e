"""Programs over time: the literal reference against loops by hand, and generated code against the reference."""

from __future__ import annotations

import pytest
import time_cases as chains
import time_cases_mixed as mixed
import time_cases_states as states
import torch
from programs import BATCH
from time_builder import TimeBuilder
from time_cases import Case, Make
from torch import Tensor, nn
from torch.testing import assert_close

from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build
from formula2dgm.runtime.objective import Objective
from formula2dgm.runtime.reference import Reference, Result

EXACT = {"rtol": 1e-10, "atol": 1e-10}
CASES: list[Make] = [
    chains.deep_markov,
    chains.first_step,
    chains.first_divergence,
    chains.last_step,
    chains.drawn_start,
    chains.second_order,
    chains.next_states,
    chains.gamma_chain,
    chains.particles,
    chains.product_of_ratios,
    states.variational_rnn,
    states.learned_start,
    states.lstm_pair,
    states.stochastic_rnn,
    states.drawing,
    states.canvas_from_zero,
    states.window,
    states.sequence_vae,
    states.law_of_steps,
    states.autoregression,
    states.prefix_of_draws,
    mixed.sampled_states,
    mixed.one_loop_after_another,
    mixed.first_of_a_state,
    mixed.apart_from_the_first,
    mixed.drawn_everywhere,
    mixed.rest_of_the_sequence,
]
#: Examples and steps: a batch; one example; one step, two steps.
SIZES = [(3, 4), (1, 3), (3, 1), (2, 2)]


def tensors_of(case: Case) -> list[Tensor]:
    """All that is learned: the parameters of the networks, and those that the formula names."""
    learned = [each for net in case.networks.values() for each in net.parameters() if each.requires_grad]
    return learned + list(case.parameters.values())


def gradients(loss: Tensor, case: Case) -> list[Tensor]:
    settings = {"allow_unused": True, "materialize_grads": True}
    if not loss.requires_grad:
        return [torch.zeros_like(each) for each in tensors_of(case)]
    return list(torch.autograd.grad(loss, tensors_of(case), **settings))


def judged(case: Case, **hyperparameters: float) -> Result:
    verify(case.program)
    judge = Reference(case.program, case.networks, case.data, case.noise, hyperparameters, case.parameters)
    return judge.run()


def generated(case: Case) -> Objective:
    program = run_passes(case.program, debug=True)
    return build(program, generate(program), case.networks, case.parameters)


def by_hand(case: Case) -> list[Tensor]:
    return case.terms(case.networks, case.data, case.noise, case.parameters)


def made(make: Make, rows: int, steps: int) -> Case:
    if make is chains.last_step and steps == 1:
        pytest.skip("one step has no second last")
    return make(rows, steps)


@pytest.mark.parametrize(("rows", "steps"), SIZES)
@pytest.mark.parametrize("make", CASES)
def test_the_reference_is_the_loop_by_hand(make: Make, rows: int, steps: int) -> None:
    case = made(make, rows, steps)
    found, terms = judged(case), by_hand(case)
    assert_close(list(found.contributions.values()), [each.detach() for each in terms], **EXACT)
    total = sum(terms)
    assert_close(found.value, total, **EXACT)
    assert_close(gradients(found.value, case), gradients(total, case), **EXACT)


@pytest.mark.parametrize("make", CASES)
def test_the_loops_by_hand_learn_what_they_should(make: Make) -> None:
    """A network that no gradient reaches would make every comparison of gradients empty."""
    case = made(make, 3, 4)
    reached = gradients(sum(by_hand(case)), case)
    assert all(each.abs().max() > 0 for each in reached)


@pytest.mark.parametrize(("rows", "steps"), SIZES)
@pytest.mark.parametrize("make", CASES)
def test_generated_code_is_the_reference(make: Make, rows: int, steps: int) -> None:
    case = made(make, rows, steps)
    objective, judge = generated(case), judged(case)
    found = objective(**case.data, noise=case.noise)
    assert_close(found.terms, judge.terms, **EXACT)
    assert_close(found.contributions, judge.contributions, **EXACT)
    assert_close(found.loss, judge.loss, **EXACT)
    assert_close(gradients(found.loss, case), gradients(judge.loss, case), rtol=case.close, atol=case.close)


@pytest.mark.parametrize("make", CASES)
def test_fresh_noise_has_the_shape_of_given_noise(make: Make) -> None:
    case = make(3, 4)
    drawn = generated(case).example_noise(**case.data)
    assert {name: each.shape for name, each in drawn.items()} == {name: each.shape for name, each in case.noise.items()}


@pytest.mark.parametrize("make", CASES)
def test_fresh_noise_is_drawn_at_every_call(make: Make) -> None:
    case = make(3, 4)
    objective = generated(case)
    first, second = objective(**case.data).value, objective(**case.data).value
    assert torch.isfinite(first)
    assert torch.equal(first, second) == (not case.noise)


# -- the number of steps -------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_a_hyperparameter_says_the_number_of_steps(steps: int) -> None:
    case = states.drawing(2, steps, said=False)
    found, terms = judged(case, T=steps), by_hand(case)
    assert_close(list(found.contributions.values()), [each.detach() for each in terms], **EXACT)
    made_code = generated(case)(**case.data, noise=case.noise, T=steps)
    assert_close(made_code.terms, found.terms, **EXACT)


def test_example_data_have_as_many_steps_as_the_formula_says() -> None:
    objective = _of_said_steps()
    assert objective.example_batch(2)["x"].shape == (2, 3, 5)
    refused = "x has 4 along t, but T is 3"
    with pytest.raises(FormulaError, match=refused):
        objective(x=torch.zeros(2, 4, 5))
    assert torch.isfinite(objective(x=torch.zeros(2, 4, 5), T=4).value)


def _of_said_steps() -> Objective:
    """A sum from 1 to the hyperparameter T over data."""
    b = TimeBuilder("sum_{t=1}^T log p(x_t)", Axis("time", "t", "T"))
    x = b.data("x", (BATCH, b.time), support="real", shape=(5,))
    program = b.program(
        b.over_time("log p(x_t)", b.log(b.standard("p(x_t)"), x)), hypers=(Hyperparameter("T", 3, whole=True),)
    )
    return build(program, generate(program), {})


@pytest.mark.parametrize("make", [chains.first_step, states.variational_rnn, states.stochastic_rnn])
def test_long_sequences_are_no_deep_recursion(make: Make) -> None:
    case = make(2, 200)
    found, total = judged(case), sum(by_hand(case))
    assert_close(found.value, total, **EXACT)
    found.value.backward()
    assert all(each.grad is not None and each.grad.isfinite().all() for each in tensors_of(case))


def test_the_products_of_densities_of_long_sequences_stay_above_zero() -> None:
    """The density of 400 steps is 0 in float64; its logarithm is not."""
    case = chains.product_of_ratios(1, 400)
    assert_close(judged(case).value, by_hand(case)[0], **EXACT)


def test_a_window_leaves_nothing_of_a_short_sequence() -> None:
    case = states.window(3, 2)
    assert judged(case).value == 0


def test_a_step_that_is_not_there_is_refused() -> None:
    case = chains.last_step(3, 1)
    with pytest.raises(IndexError, match="a sequence of 1 has no step -1"):
        judged(case)


def test_a_prefix_is_read_by_a_network_of_modules_of_torch() -> None:
    """nn.GRU returns its states and its last one: the states are what a formula means."""
    case = states.prefix_of_draws(2, 3)
    assert isinstance(case.networks["g"], nn.GRU)
    assert_close(judged(case).value, by_hand(case)[0], **EXACT)
