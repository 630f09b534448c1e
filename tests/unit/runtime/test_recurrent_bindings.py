"""Recurrent layers and cells of torch as bound networks: what is known of them, their calls, what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.bindings import NetworkValue, Recurrent
from formula2dgm.diagnostics import FormulaError
from formula2dgm.runtime.bindings import describe

COUNT, STEPS = 3, 5


def facts(value: object) -> NetworkValue:
    (entry,) = describe({"f": value}).bindings.entries
    assert isinstance(entry.value, NetworkValue)
    return entry.value


# -- facts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "recurrent", "returns_tuple"),
    [
        (nn.GRU(3, 5, batch_first=True), Recurrent("nn.GRU", 1, 5, False), True),
        (nn.RNN(3, 5, batch_first=True, nonlinearity="relu"), Recurrent("nn.RNN", 1, 5, False), True),
        (nn.LSTM(3, 5, batch_first=True, proj_size=2), Recurrent("nn.LSTM", 2, 2, False), True),
        (nn.LSTM(3, 5, batch_first=True, bidirectional=True), Recurrent("nn.LSTM", 2, 10, False, True), True),
        (
            f2d.Reversed(nn.GRU(3, 5, batch_first=True)),
            Recurrent("nn.GRU", 1, 5, False, backward=True),
            False,
        ),
        (nn.GRUCell(3, 5), Recurrent("nn.GRUCell", 1, 5, True), False),
        (nn.RNNCell(3, 5), Recurrent("nn.RNNCell", 1, 5, True), False),
        (nn.LSTMCell(3, 5), Recurrent("nn.LSTMCell", 2, 5, True), True),
    ],
)
def test_what_is_known_of_torchs_layers(module: nn.Module, recurrent: Recurrent, returns_tuple: bool) -> None:
    assert facts(module).recurrent == recurrent
    assert recurrent.returns_tuple is returns_tuple


def test_other_modules_are_not_recurrent() -> None:
    assert facts(nn.Linear(3, 5)).recurrent is None
    assert facts(nn.Linear(3, 5)).hidden_size is None


def test_a_module_of_ones_own_says_what_it_carries() -> None:
    module = nn.Bilinear(3, 5, 5)
    module.hidden_size = 5  # type: ignore[assignment]
    assert facts(module).hidden_size == 5


def test_dropout_between_recurrent_layers_is_random() -> None:
    assert facts(nn.GRU(3, 5, num_layers=2, dropout=0.1, batch_first=True)).stochastic
    assert not facts(nn.GRU(3, 5, num_layers=2, batch_first=True)).stochastic


# -- calls ---------------------------------------------------------------------------------------------

SPACE = r"x_t \in \mathbb{R}^3"
OF_STATE = r"\max \sum_{t=1}^T \log p(x_t|h_t)"
OF_CODE = r"\max \sum_{t=1}^T \log p(x_t|b_t)"


def compiled(statements: list[str], module: nn.Module, size: int = 5) -> tuple[f2d.Objective, nn.Linear]:
    given = "h" if "h_t" in statements[0] else "b"
    head = nn.Linear(size, 3)
    bindings = {"f": module, f"p(x|{given})": f2d.Normal(loc=head, scale=1.0)}
    return f2d.compile([*statements, SPACE], bindings), head


def value_of(loc: Tensor, x: Tensor) -> Tensor:
    """log p(x|...) of a standard deviation of 1, summed over time and dimensions, its mean over the batch."""
    return (-0.5 * (x - loc) ** 2 - 0.5 * math.log(2 * math.pi)).sum((1, 2)).mean()


def check(objective: f2d.Objective, expected: Tensor, x: Tensor, module: nn.Module) -> None:
    """The value and the gradients of the module's parameters."""
    parameters = list(module.parameters())
    wanted = torch.autograd.grad(expected, parameters)
    value = objective(x=x).value
    torch.testing.assert_close(value, expected)
    for got, want in zip(torch.autograd.grad(value, parameters), wanted, strict=True):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize("written", ["h_t = f(x_{t-1}, h_{t-1})", "h_t = f(h_{t-1}, x_{t-1})"])
@pytest.mark.parametrize("kind", [nn.GRUCell, nn.RNNCell])
def test_a_cell_gets_its_input_first_whatever_the_order(written: str, kind: type[nn.RNNCellBase]) -> None:
    cell = kind(3, 5)
    objective, head = compiled([OF_STATE, written], cell)
    x, h, states = torch.randn(COUNT, STEPS, 3), torch.zeros(COUNT, 5), []
    for t in range(STEPS):
        h = cell(x[:, t - 1] if t else torch.zeros(COUNT, 3), h)
        states.append(h)
    check(objective, value_of(head(torch.stack(states, 1)), x), x, cell)
    said = [each.text for each in objective.program.assumptions if "takes its input first" in each.text]
    assert len(said) == (0 if written.startswith("h_t = f(x") else 1)


def test_equal_sizes_cannot_be_mistaken() -> None:
    """With as many inputs as states torch would take either order: the formula says which is which."""
    cell = nn.GRUCell(3, 3)
    objective, head = compiled([OF_STATE, "h_t = f(h_{t-1}, x_{t-1})"], cell, size=3)
    x, h, states = torch.randn(COUNT, STEPS, 3), torch.zeros(COUNT, 3), []
    for t in range(STEPS):
        h = cell(x[:, t - 1] if t else torch.zeros(COUNT, 3), h)
        states.append(h)
    check(objective, value_of(head(torch.stack(states, 1)), x), x, cell)


@pytest.mark.parametrize(
    "written",
    [
        "(h_t, c_t) = f(x_{t-1}, (h_{t-1}, c_{t-1}))",
        "(h_t, c_t) = f(x_{t-1}, h_{t-1}, c_{t-1})",
        "(h_t, c_t) = f(c_{t-1}, h_{t-1}, x_{t-1})",
        "(h_t, c_t) = f((h_{t-1}, c_{t-1}), x_{t-1})",
    ],
)
def test_an_lstm_cell_gets_its_two_values_as_a_tuple(written: str) -> None:
    cell = nn.LSTMCell(3, 5)
    objective, head = compiled([OF_STATE, written], cell)
    x, h, c, states = torch.randn(COUNT, STEPS, 3), torch.zeros(COUNT, 5), torch.zeros(COUNT, 5), []
    for t in range(STEPS):
        h, c = cell(x[:, t - 1] if t else torch.zeros(COUNT, 3), (h, c))
        states.append(h)
    check(objective, value_of(head(torch.stack(states, 1)), x), x, cell)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_of_a_layer_the_results_are_meant(kind: type[nn.RNNBase], bidirectional: bool) -> None:
    layer = kind(3, 4, batch_first=True, bidirectional=bidirectional)
    objective, head = compiled([OF_CODE, "b_{1:T} = f(x_{1:T})"], layer, size=8 if bidirectional else 4)
    x = torch.randn(COUNT, STEPS, 3)
    check(objective, value_of(head(layer(x)[0]), x), x, layer)


def test_a_layer_over_the_steps_so_far() -> None:
    layer = nn.GRU(3, 5, batch_first=True)
    objective, head = compiled([OF_CODE, r"b_t = f(x_{\le t})"], layer)
    x = torch.randn(COUNT, STEPS, 3)
    check(objective, value_of(head(layer(x)[0]), x), x, layer)


def test_a_layer_over_the_steps_to_come() -> None:
    layer = nn.GRU(3, 5, batch_first=True)
    objective, head = compiled([OF_CODE, "b_t = f(x_{t:T})"], f2d.Reversed(layer))
    x = torch.randn(COUNT, STEPS, 3)
    b = torch.stack([layer(x[:, t:].flip(1))[0][:, -1] for t in range(STEPS)], 1)
    check(objective, value_of(head(b), x), x, layer)


# -- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN])
def test_the_batch_comes_first(kind: type[nn.RNNBase]) -> None:
    layer = kind(3, 5)
    for value in (
        layer,
        f2d.Reversed(layer),
        nn.Sequential(nn.Linear(3, 3), layer),
        [nn.Linear(3, 3), layer],
        f2d.Normal(layer),
        f2d.Sigmoid(layer),
    ):
        with pytest.raises(FormulaError, match="batch_first=True") as caught:
            describe({"f": value})
        assert caught.value.diagnostics[0].code == "F2D-0640"


@pytest.mark.parametrize("value", [f2d.Normal(nn.GRU(3, 5, batch_first=True)), f2d.Normal(loc=nn.LSTMCell(3, 5))])
def test_a_tuple_of_results_and_state_is_no_parameter(value: object) -> None:
    with pytest.raises(FormulaError, match="no parameters of Normal"):
        describe({"p(x|z)": value})


def test_a_sequential_that_ends_in_a_tuple() -> None:
    with pytest.raises(FormulaError, match="returns a tuple"):
        describe({"f": nn.Sequential(nn.Linear(3, 3), nn.GRU(3, 5, batch_first=True))})


LAYER = nn.GRU(3, 5, batch_first=True)
ONE_STEP = "h_t = f(x_{t-1}, h_{t-1})"


@pytest.mark.parametrize(
    ("statements", "module", "says", "advises"),
    [
        ([OF_STATE, ONE_STEP], LAYER, "runs over a whole sequence", "nn.GRUCell"),
        ([OF_CODE, "b_t = f(x_t)"], LAYER, "runs over a whole sequence", "b_{1:T}"),
        ([OF_CODE, "b_{1:T} = f(x_{1:T})"], nn.GRUCell(3, 5), "makes one step", "bind an nn.GRU,"),
        ([OF_CODE, "b_t = f(x_t)"], nn.GRUCell(3, 5), "carries its own value", "b_{t-1}"),
        ([OF_STATE, ONE_STEP], nn.LSTMCell(3, 5), "two values", "(h_t, c_t) = f(x_t, (h_{t-1}, c_{t-1}))"),
        (
            [OF_STATE, "(h_t, c_t) = f(x_{t-1}, h_{t-1}, c_{t-1})"],
            nn.GRUCell(3, 5),
            "one value",
            "nn.LSTMCell",
        ),
        ([OF_STATE, "h_t = f(x_{t-1}, x_{t-2}, h_{t-1})"], nn.GRUCell(3, 5), "one input", "side by side"),
        ([OF_CODE, "b_{1:T} = f(x_{1:T}, x_{1:T})"], LAYER, "takes one sequence", "side by side"),
        (
            [OF_CODE, r"b_t = f(x_{\le t})"],
            nn.GRU(3, 5, batch_first=True, bidirectional=True),
            "bidirectional",
            "one direction",
        ),
        ([OF_CODE, "b_t = f(x_{t:T})"], LAYER, "runs forwards", "f2d.Reversed"),
        ([OF_CODE, r"b_t = f(x_{\le t})"], f2d.Reversed(LAYER), "runs backwards", "without f2d.Reversed"),
    ],
)
def test_what_a_layer_cannot_compute_is_refused_with_what_to_do(
    statements: list[str], module: nn.Module, says: str, advises: str
) -> None:
    with pytest.raises(FormulaError) as caught:
        compiled(statements, module)
    first = caught.value.diagnostics[0]
    assert first.code == "F2D-0640" and first.span is not None
    assert says in first.message
    assert advises in (first.hint or "")


def test_a_reversed_layer_reads_the_steps_from_its_own_on() -> None:
    network, x = f2d.Reversed(nn.LSTM(3, 5, batch_first=True)), torch.randn(COUNT, STEPS, 3)
    changed = x.clone()
    changed[:, 2] += 1
    one, other = network(x), network(changed)
    assert torch.equal(one[:, 3:], other[:, 3:])
    assert (one[:, :3] != other[:, :3]).any(-1).all()


def test_a_reversed_layer_starts_at_the_end_of_each_sequence() -> None:
    network, x = f2d.Reversed(nn.GRU(3, 5, batch_first=True)), torch.randn(COUNT, STEPS, 3)
    together = network(x, lengths=torch.tensor([STEPS, 1, 3]))
    for n, length in enumerate((STEPS, 1, 3)):
        torch.testing.assert_close(together[n : n + 1, :length], network(x[n : n + 1, :length]))
