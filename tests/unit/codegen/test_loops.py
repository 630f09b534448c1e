"""Loops over time: what carries what, in generated code against the literal reference, and how the code reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import time_programs
import torch
from networks import Gaussian, Logits
from time_builder import SEQUENCE, TIME, TimeBuilder
from time_networks import Cell, Recurrent
from torch import Tensor, nn
from torch.testing import assert_close

from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH, Axis
from formula2dgm.ir.program import Hyperparameter, Parameter, Program, Site
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build
from formula2dgm.runtime.reference import Reference

ROWS, STEPS, X, Z, H = 3, 4, 5, 3, 4
K = Axis("sample", "k", 2)
Y = Axis("enumeration", "y")


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def normal(b: TimeBuilder, label: str, args: list[ir.Node], size: int = Z) -> ir.Law:
    return b.sized(b.law(label, "Normal", args), size)


def assert_is_the_reference(
    program: Program,
    networks: dict[str, nn.Module],
    parameters: dict[str, Tensor] | None = None,
    steps: int = STEPS,
    sized: Program | None = None,
) -> str:
    """Values and gradients of generated code are those of the reference, at noise that the code asks for.

    ``sized`` is the same program, with the shapes that the reference must be told.
    """
    parameters = parameters or {}
    verify(program)
    data = {
        each.name: torch.randn(*(ROWS if axis == BATCH else steps for axis in each.axes), *(each.shape or (X,)))
        for each in program.inputs
    }
    passed = run_passes(program, debug=True)
    code = generate(passed)
    objective = build(passed, code, networks, parameters)
    noise = objective.example_noise(**data)
    found = objective(**data, noise=noise)
    judge = Reference(sized or program, networks, data, noise, {}, parameters).run()
    assert_close(found.value, judge.value, rtol=1e-10, atol=1e-10)
    learned = [each for net in networks.values() for each in net.parameters()] + list(parameters.values())
    settings = {"allow_unused": True, "materialize_grads": True}
    ours, theirs = (torch.autograd.grad(each, learned, **settings) for each in (found.value, judge.value))
    assert_close(ours, theirs, rtol=1e-8, atol=1e-8)
    assert any(each.abs().max() > 0 for each in theirs)
    assert torch.isfinite(objective(**data).value), "fresh noise"
    return code.source


def test_a_state_with_a_first_step_of_its_own_needs_no_shape() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    first = b.output("start", [b.at_step(x, 1)])
    body = b.make(ir.FirstStep, first, b.output("f", [b.previous("h"), x]), TIME)
    p = normal(b, "p(x_t|h_t)", [b.state("h", body)], X)
    program = b.program(b.over_time("log p(x_t|h_t)", b.log(p, x)))
    networks = {"start": Logits(X, H), "f": Cell(H + X, H), "p_x_t_given_h_t": Gaussian(H, X)}
    for steps in (1, 2, 4):
        source = assert_is_the_reference(program, networks, steps=steps)
    assert (
        "        for t, x_t in enumerate(x.unbind(1)):\n            if t == 0:\n                h_t = start" in source
    )


def test_a_state_that_starts_from_another_network() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x, y = b.data("x", SEQUENCE, support="real"), b.data("y", support="real")
    start = b.output("g", [y])
    h = b.state("h", b.output("f", [b.previous("h", start), x]), H)
    p = normal(b, "p(x_t|h_t,h_{t-1},h_{t-2})", [h, b.previous("h", start), b.previous("h", 0.5, lag=2)], X)
    program = b.program(b.over_time("log p(x_t|h_t)", b.log(p, x)))
    networks = {"g": Logits(X, H), "f": Cell(H + X, H), "p_x_t_given_h_t_h_t_minus_1_h_t_minus_2": Gaussian(3 * H, X)}
    for steps in (1, 2, 4):
        assert_is_the_reference(program, networks, steps=steps)


def test_a_result_is_read_at_the_next_step_outside_its_loop() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_{t+1})")
    x = b.data("x", SEQUENCE, support="real")
    h = b.state("h", b.output("f", [b.previous("h"), x]), H)
    p = normal(b, "p(x_t|h_{t+1})", [b.previous("h", 0.0, lag=-1)], X)
    program = b.program(b.over_time("log p(x_t|h_{t+1})", b.carrying(b.log(p, x), h)))
    assert_is_the_reference(program, {"f": Cell(H + X, H), "p_x_t_given_h_t_1": Gaussian(H, X)})


def test_a_state_without_its_own_step_runs_once() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_{t-1})")
    x = b.data("x", SEQUENCE, support="real")
    h = b.state("h", b.output("f", [x]), H)
    p = normal(b, "p(x_t|h_{t-1})", [b.previous("h")], X)
    program = b.program(b.over_time("log p(x_t|h_{t-1})", b.carrying(b.log(p, x), h)))
    source = assert_is_the_reference(program, {"f": Cell(X, H), "p_x_t_given_h_t_minus_1": Gaussian(H, X)})
    assert "    for " not in source[source.index("def forward") : source.index("terms = {")]


def test_two_states_that_change_places() -> None:
    b = TimeBuilder("sum_t log p(x_t|a_t)")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("c")
    a = b.state("a", b.make(ir.Add, (before, x)), X)
    c = b.state("c", b.make(ir.Add, (b.previous("a"), b.output("f", [before]))), X)
    p = normal(b, "p(x_t|a_t)", [a], X)
    program = b.program(b.over_time("log p(x_t|a_t)", b.carrying(b.log(p, x), c)))
    assert_is_the_reference(program, {"f": Cell(X, X), "p_x_t_given_a_t": Gaussian(X, X)})


def test_the_shape_of_a_start_at_zero_is_that_of_what_the_state_meets() -> None:
    b = TimeBuilder("sum_t log p(x_t|a_t)")
    x = b.data("x", SEQUENCE, support="real")
    body = b.make(ir.Add, (b.make(ir.Mul, (b.const(0.5), b.previous("a"))), x))
    program, sized = (
        b.program(b.over_time("log p(x_t|a_t)", b.log(normal(b, "p(x_t|a_t)", [b.state("a", body, *shape)], X), x)))
        for shape in ((), (X,))
    )
    source = assert_is_the_reference(program, {"p_x_t_given_a_t": Gaussian(X, X)}, sized=sized)
    assert "a_previous = tensor_of(self).new_zeros((x.shape[0], *x.shape[2:]))" in source


def test_a_matrix_says_the_shape_of_a_start() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    sides = b.make(ir.MatMul, b.make(ir.Param, "W", True), b.previous("h"), False), b.output("f", [x])
    body = b.make(ir.Apply, "tanh", (b.make(ir.Add, sides),))
    parameters = (Parameter("W", "W", True, (H, H)),)
    programs = []
    for shape in ((), (H,)):
        log = b.log(normal(b, "p(x_t|h_t)", [b.state("h", body, *shape)], X), x)
        programs.append(b.program(b.over_time("log p(x_t|h_t)", log), parameters=parameters))
    networks = {"f": Cell(X, H), "p_x_t_given_h_t": Gaussian(H, X)}
    assert_is_the_reference(programs[0], networks, {"W": nn.Parameter(torch.randn(H, H))}, sized=programs[1])


def test_a_backward_state_with_a_first_step_of_its_own() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    rest = b.output("f", [b.previous("h", lag=-1), x])
    h = b.state("h", b.make(ir.FirstStep, b.output("last", [b.at_step(x, 1)]), rest, TIME), H)
    program = b.program(b.over_time("log p(x_t|h_t)", b.log(normal(b, "p(x_t|h_t)", [h], X), x)))
    networks = {"f": Cell(H + X, H), "last": Cell(X, H), "p_x_t_given_h_t": Gaussian(H, X)}
    assert_is_the_reference(program, networks)


# -- draws ---------------------------------------------------------------------------------------------


def categorical(b: TimeBuilder, label: str, args: list[ir.Node]) -> ir.Law:
    logits = b.make(ir.Head, b.call(label, args), "Categorical", "logits")
    law = b.make(ir.Law, label, "Categorical", (("logits", logits),), (Z,), False, (("one_hot", True),))
    b._origin(law, label)
    return law


def test_classes_are_drawn_step_by_step_in_several_particles() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    q = categorical(b, "q(z_t|z_{t-1},x_t)", [b.previous("z", more=(K,)), x])
    z = b.draw(q, "z", (K,), noise="value")
    entropy = b.make(ir.Entropy, q)
    p = normal(b, "p(x_t|z_t)", [z], X)
    both = b.make(ir.Add, (b.log(p, x), entropy))
    program = b.program(b.over_time("log p(x_t|z_t)", b.make(ir.Reduce, "mean", K, both)))
    networks = {"q_z_t_given_z_t_minus_1_x_t": Logits(Z + X, Z), "p_x_t_given_z_t": Gaussian(Z, X)}
    source = assert_is_the_reference(program, networks)
    assert 'z_t = noise["z"].expand((*z_t_shape[:2], x.shape[1], *z_t_shape[2:]))[:, :, t]' in source


def test_a_straight_through_value_is_carried_as_a_state() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    q = categorical(b, "q(z_t|z_{t-1},x_t)", [b.previous("z_st"), x])
    z = b.draw(q, "z", noise="value")
    mean = b.make(ir.Moment, q, "mean")
    through = b.make(ir.Add, (z, b.make(ir.Add, (mean, b.make(ir.Neg, b.make(ir.StopGrad, mean))))))
    p = normal(b, "p(x_t|z_t)", [b.state("z_st", through, Z)], X)
    program = b.program(b.over_time("log p(x_t|z_t)", b.log(p, x)))
    networks = {"q_z_t_given_z_t_minus_1_x_t": Logits(Z + X, Z), "p_x_t_given_z_t": Gaussian(Z, X)}
    assert_is_the_reference(program, networks)


def test_a_scored_draw_is_held_constant() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    q = normal(b, "q(z_t|z_{t-1},x_t)", [b.make(ir.StopGrad, b.previous("z")), x])
    z = b.draw(q, "z")
    b.sites["z"] = Site("z", "z", q, z, z.axes, "standard", "score")
    held = b.make(ir.StopGrad, z)
    terms = b.make(ir.Add, (b.log(normal(b, "p(x_t|z_t)", [held], X), x), b.log(q, held)))
    program = b.program(b.over_time("log p(x_t|z_t)", terms))
    networks = {"q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z), "p_x_t_given_z_t": Gaussian(Z, X)}
    assert_is_the_reference(program, networks)


def test_relaxed_classes() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    logits = b.output("q", [b.previous("z"), x])
    params = (("temperature", b.const(0.7)), ("logits", logits))
    q = b.make(ir.Law, "q(z_t|z_{t-1},x_t)", "RelaxedOneHotCategorical", params, (Z,))
    p = normal(b, "p(x_t|z_t)", [b.draw(q, "z")], X)
    program = b.program(b.over_time("log p(x_t|z_t)", b.log(p, x)))
    assert_is_the_reference(program, {"q": Logits(Z + X, Z), "p_x_t_given_z_t": Gaussian(Z, X)})


def test_all_values_of_a_class_beside_a_chain() -> None:
    b = TimeBuilder("sum_y q(y|u) sum_t E_{q(z_t|z_{t-1},x_t,y)}[log p(x_t|z_t)]")
    x, u = b.data("x", SEQUENCE, support="real"), b.data("u", support="real")
    q_y = categorical(b, "q(y|u)", [u])
    y = b.make(ir.Enumerated, q_y, Y)
    q = normal(b, "q(z_t|z_{t-1},x_t,y)", [b.previous("z", more=(Y,)), x, y])
    z = b.draw(q, "z", (Y,))
    inner = b.sum(b.log(normal(b, "p(x_t|z_t)", [z], X), x), TIME)
    program = b.program(b.term("bound", b.mean(b.sum(b.make(ir.Mul, (b.density(q_y, y), inner)), Y))))
    networks = {
        "q_y_given_u": Logits(X, Z),
        "q_z_t_given_z_t_minus_1_x_t_y": Gaussian(2 * Z + X, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    assert_is_the_reference(program, networks)


def test_an_lstm_cell_in_several_particles() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|h_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("h", more=(K,))
    z = b.draw(normal(b, "q(z_t|h_{t-1},x_t)", [before, x]), "z", (K,))
    args = [z, b.make(ir.Pair, (before, b.previous("c", more=(K,))))]
    h, c = (b.state(name, b.output("cell", args, place, outputs=2), H) for place, name in enumerate("hc"))
    log = b.carrying(b.log(normal(b, "p(x_t|z_t)", [z], X), x), h, c)
    program = b.program(b.over_time("log p(x_t|z_t)", b.make(ir.Reduce, "mean", K, log)))
    networks = {
        "q_z_t_given_h_t_minus_1_x_t": Gaussian(H + X, Z),
        "cell": nn.LSTMCell(Z, H),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    assert_is_the_reference(program, networks)


def test_a_prefix_of_particles_is_one_call() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|x_t)}[log p(x_t|z_{<t},y)]")
    x, y = b.data("x", SEQUENCE, support="real"), b.data("y", support="real")
    z = b.draw(normal(b, "q(z_t|x_t)", [x]), "z", (K,))
    p = normal(b, "p(x_t|z_t,y)", [b.prefix(z), y], X)
    program = b.program(b.over_time("log p", b.make(ir.Reduce, "mean", K, b.log(p, x))))
    networks = {"q_z_t_given_x_t": Gaussian(X, Z), "p_x_t_given_z_t_y": Recurrent(Z + X, X)}
    source = assert_is_the_reference(program, networks)
    assert source.count("self.p_x_t_given_z_t_y(") == source.count("def forward") + source.count("def reconstruct")


def test_a_number_is_carried() -> None:
    b = TimeBuilder("sum_t s_t")
    x = b.data("x", SEQUENCE, support="real")
    log = b.log(normal(b, "p(x_t|x_{t-1})", [b.shifted(x, -1)], X), x)
    s = b.state("s", b.make(ir.Add, (b.make(ir.Mul, (b.const(0.9), b.previous("s"))), log)))
    number = b.make(ir.EventSum, b.make(ir.Pow, s, b.const(2)))
    program = b.program(b.over_time("s_t", number))
    assert_is_the_reference(program, {"p_x_t_given_x_t_minus_1": Gaussian(X, X)})


def test_a_draw_whose_size_its_network_alone_knows() -> None:
    b = TimeBuilder("sum_t E_{q(z_t|h_{t-1},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("h", more=(K,))
    z = b.draw(b.law("q(z_t|h_{t-1},x_t)", "Normal", [before, x]), "z", (K,))
    h = b.state("h", b.output("f", [z, before]), H)
    log = b.carrying(b.log(normal(b, "p(x_t|z_t)", [z], X), x), h)
    program = b.program(b.over_time("log p(x_t|z_t)", b.make(ir.Reduce, "mean", K, log)))
    networks = {
        "q_z_t_given_h_t_minus_1_x_t": Gaussian(H + X, Z),
        "f": Cell(Z + H, H),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    assert_is_the_reference(program, networks)


# -- what is refused -----------------------------------------------------------------------------------


def test_a_start_at_zero_of_unknown_shape() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    h = b.state("h", b.output("f", [b.previous("h"), x]))
    program = b.program(b.over_time("log p(x_t|h_t)", b.log(normal(b, "p(x_t|h_t)", [h], X), x)))
    with pytest.raises(FormulaError, match="nothing says the shape of h before the first step") as error:
        generate(program)
    assert error.value.diagnostics[0].code == "F2D-0610"


def test_steps_that_need_each_other() -> None:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    h = b.state("h", b.output("f", [b.previous("h"), b.previous("h", lag=-1), x]), H)
    program = b.program(b.over_time("log p(x_t|h_t)", b.log(normal(b, "p(x_t|h_t)", [h], X), x)))
    with pytest.raises(FormulaError, match="h cannot be computed step by step") as error:
        generate(program)
    assert error.value.diagnostics[0].code == "F2D-0421"


def test_a_hyperparameter_counts_the_steps_of_a_recurrence_without_data() -> None:
    time = Axis("time", "t", "T")
    b = TimeBuilder("E_{q(z_t|z_{t-1},x)}[sum_t log p(x|z_t)]", time)
    x = b.data("x", support="real")
    z = b.draw(normal(b, "q(z_t|z_{t-1},x)", [b.previous("z"), x]), "z")
    term = b.term("log p", b.mean(b.sum(b.log(normal(b, "p(x|z_t)", [z], X), x), time)))
    program = b.program(term, hypers=(Hyperparameter("T", 3, whole=True),))
    networks = {"q_z_t_given_z_t_minus_1_x": Gaussian(Z + X, Z), "p_x_given_z_t": Gaussian(Z, X)}
    assert_is_the_reference(program, networks)


def autoregressive(network: nn.Module, backward: bool = False):
    b = TimeBuilder("sum_t log p(x_t|c_t)")
    x = b.data("x", SEQUENCE, support="real")
    c = b.output("g", [b.prefix(x, backward)], 0, outputs=2)
    program = b.program(b.over_time("log p(x_t|c_t)", b.log(normal(b, "p(x_t|c_t)", [c], X), x)))
    return build(program, generate(program), {"g": network, "p_x_t_given_c_t": Gaussian(H, X)})


def test_the_first_batch_says_whether_a_network_reads_later_steps() -> None:
    data = torch.randn(ROWS, STEPS, X)
    assert torch.isfinite(autoregressive(nn.GRU(X, H, batch_first=True))(x=data).value)
    assert torch.isfinite(autoregressive(nn.GRU(X, H, batch_first=True))(x=data[:, :1]).value)
    with pytest.raises(FormulaError, match=r"g\(.* is given the steps up to each one.*depends on later ones"):
        autoregressive(nn.GRU(X, H // 2, batch_first=True, bidirectional=True))(x=data)
    with pytest.raises(FormulaError, match=r"g\(.* is given the steps from each one.*depends on earlier ones"):
        autoregressive(nn.GRU(X, H, batch_first=True), backward=True)(x=data)


@pytest.mark.parametrize(
    "make", [each for each in vars(time_programs).values() if getattr(each, "__module__", "") == "time_programs"]
)
def test_ruff_has_nothing_to_say(make, tmp_path: Path) -> None:
    if make.__name__.startswith("_"):
        pytest.skip("no program")
    path = tmp_path / "generated.py"
    path.write_text(generate(run_passes(make(), debug=True)).source)
    for command in (["format", "--diff", "--line-length", "120"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "--isolated", str(path)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_law_without_time_is_scored_inside_a_loop() -> None:
    b = TimeBuilder("sum_t s_t, s_t = 0.9 s_{t-1} + log p(z_t)")
    x = b.data("x", SEQUENCE, support="real")
    z = b.draw(normal(b, "q(z_t|z_{t-1},s_{t-1},x_t)", [b.previous("z"), b.previous("c"), x]), "z")
    prior = b.log(b.standard("p(z)", (Z,)), z)
    c = b.state("c", b.make(ir.Mul, (b.output("f", [b.previous("c")]), prior)), H)
    program = b.program(b.over_time("s_t", b.carrying(b.log(normal(b, "p(x_t|c_t)", [c], X), x), c)))
    networks = {
        "q_z_t_given_z_t_minus_1_s_t_minus_1_x_t": Gaussian(Z + H + X, Z),
        "f": Cell(H, H),
        "p_x_t_given_c_t": Gaussian(H, X),
    }
    assert_is_the_reference(program, networks)
