"""Sequences with lengths of their own: what a batch gives is the mean of what each of its sequences gives alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from networks import Gaussian
from time_builder import SEQUENCE, TIME, TimeBuilder
from time_networks import Cell
from torch import Tensor, nn
from torch.testing import assert_close

from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH, Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build
from formula2dgm.runtime.objective import Objective

ROWS, STEPS, X, Z, H = 3, 5, 4, 3, 2
LENGTHS = (5, 2, 3)
K = Axis("sample", "k", 2)
Make = Callable[[bool], tuple[Program, dict[str, nn.Module]]]


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def builder(ragged: bool) -> tuple[TimeBuilder, ir.Data, ir.Node | None]:
    b = TimeBuilder("sum_t log p(x_t|h_t)")
    x = b.data("x", SEQUENCE, support="real")
    if ragged:
        b.data("lengths", (BATCH,), support="count", shape=())
    return b, x, b.make(ir.Lengths, TIME, BATCH) if ragged else None


def summed(b: TimeBuilder, log: ir.Node, lengths: ir.Node | None, op: str = "sum") -> Program:
    body = log if lengths is None else b.make(ir.Window, log, TIME, 1, 0, lengths)
    return b.program(b.term("the sum", b.mean(b.make(ir.Reduce, op, TIME, body))))


def normal(b: TimeBuilder, label: str, args: list[ir.Node], size: int = X) -> ir.Law:
    return b.sized(b.law(label, "Normal", args), size)


def forwards(ragged: bool):
    b, x, lengths = builder(ragged)
    h = b.state("h", b.output("f", [b.previous("h"), x]), H)
    program = summed(b, b.log(normal(b, "p(x_t|h_t)", [h]), x), lengths)
    return program, {"f": Cell(H + X, H), "p_x_t_given_h_t": Gaussian(H, X)}


def mean_of_steps(ragged: bool):
    b, x, lengths = builder(ragged)
    log = b.log(normal(b, "p(x_t|x_{t+1})", [b.make(ir.Shifted, x, TIME, 1, b.const(0.5), lengths)]), x)
    return summed(b, log, lengths, "mean"), {"p_x_t_given_x_t_1": Gaussian(X, X)}


def backwards(ragged: bool):
    b, x, lengths = builder(ragged)
    after = b.make(ir.Previous, "h", TIME, b.const(0.0), SEQUENCE, -1, lengths)
    h = b.state("h", b.output("f", [after, x]), H)
    program = summed(b, b.log(normal(b, "p(x_t|h_t,h_{t+1})", [h, after]), x), lengths)
    return program, {"f": Cell(H + X, H), "p_x_t_given_h_t_h_t_1": Gaussian(2 * H, X)}


def last(ragged: bool):
    b, x, lengths = builder(ragged)
    h = b.state("h", b.output("f", [b.previous("h"), x]), H)
    ends = [b.make(ir.AtStep, h, TIME, step, lengths) for step in (0, -1)]
    mean = b.make(ir.Reduce, "mean", BATCH, b.log(normal(b, "p(y|h_T)", ends), b.make(ir.AtStep, x, TIME, 1)))
    return b.program(b.term("the last", mean)), {"f": Cell(H + X, H), "p_y_given_h_T": Gaussian(2 * H, X)}


def layers(ragged: bool):
    b, x, lengths = builder(ragged)
    whole = b.make(ir.Sequence, x, TIME, lengths)
    states = b.steps(b.output("g", [whole], 0, outputs=2))
    program = summed(b, b.log(normal(b, "p(x_t|g_t)", [states]), x), lengths)
    return program, {"g": nn.GRU(X, H, batch_first=True, bidirectional=True), "p_x_t_given_g_t": Gaussian(2 * H, X)}


class Ahead(nn.Module):
    """Sums of all steps from each one to the last of its sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(X, H)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        steps = torch.arange(x.shape[1])
        inside = steps < (x.shape[1] if lengths is None else lengths[:, None])
        kept = torch.tanh(self.layer(x)) * (inside if lengths is None else inside[..., None]).reshape(-1, x.shape[1], 1)
        return kept.flip(1).cumsum(1).flip(1)


def particles(ragged: bool):
    b, x, lengths = builder(ragged)
    z = b.draw(normal(b, "q(z_t|x_t)", [x], Z), "z", (K,))
    rest = b.output("g", [b.make(ir.Prefix, b.make(ir.Add, (z, x)), TIME, True, lengths)])
    log = b.make(ir.Reduce, "mean", K, b.log(normal(b, "p(x_t|g_t)", [rest]), x))
    return summed(b, log, lengths), {"q_z_t_given_x_t": Gaussian(X, X), "g": Ahead(), "p_x_t_given_g_t": Gaussian(H, X)}


def made(program: Program, networks: dict[str, nn.Module]) -> Objective:
    passed = run_passes(verify(program), debug=True)
    return build(passed, generate(passed), networks)


@pytest.mark.parametrize("make", [forwards, mean_of_steps, backwards, last, layers, particles])
def test_a_batch_is_the_mean_of_its_sequences(make: Make) -> None:
    together, networks = make(True)
    alone, _ = make(False)
    x, lengths = torch.randn(ROWS, STEPS, X), torch.tensor(LENGTHS)
    size = Z if make is not particles else X
    noise = torch.randn(2, ROWS, STEPS, size)
    found = made(together, networks)(x=x, lengths=lengths, **({"noise": {"z": noise}} if make is particles else {}))
    judge = made(alone, networks)
    each = [
        judge(x=x[i : i + 1, :n], **({"noise": {"z": noise[:, i : i + 1, :n]}} if make is particles else {})).value
        for i, n in enumerate(LENGTHS)
    ]
    expected = torch.stack(each).mean()
    assert_close(found.value, expected)
    learned = [each for net in networks.values() for each in net.parameters()]
    assert_close(torch.autograd.grad(found.value, learned), torch.autograd.grad(expected, learned))


def test_lengths_are_numbers_of_steps() -> None:
    objective = made(*forwards(True))
    with pytest.raises(FormulaError, match="lengths are numbers of steps, from 1 to 5, but lie between 0 and 3"):
        objective(x=torch.randn(2, STEPS, X), lengths=torch.tensor([0, 3]))
