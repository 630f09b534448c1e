"""Default networks of sequences and of recurrences: what they read, what they return, how they are written."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from formula2dgm.codegen.scaffold import write_network
from formula2dgm.ir.program import Network, Scaffold

ROOT = Path(__file__).parents[3]
STEPS, COUNT = 6, 3

X = ("x", (4,))
U = ("u", (2,))
H, C = ("h", (5,)), ("c", (5,))


def sequence(kind: str, *inputs: tuple[str, tuple[int, ...]], **more: object) -> Scaffold:
    heads = more.pop("heads", (("b", "real", (7,)),))
    return Scaffold(inputs, heads, sequence=kind, **more)  # type: ignore[arg-type]


def cell(inputs: tuple[object, ...], state: tuple[int | None, ...], *heads: object) -> Scaffold:
    return Scaffold(inputs, heads, state=state)  # type: ignore[arg-type]


ALL = {
    "both": sequence("both", X),
    "both_beside_steady": sequence("both", X, U, steady=(1,)),
    "forward": sequence("forward", X, U),
    "backward": sequence("backward", X),
    "of_states": sequence("backward", H),
    "summary_of_states": sequence("summary", H, X, steady=(1,)),
    "ragged_both": sequence("both", X, U, steady=(1,), ragged=True),
    "ragged_forward": sequence("forward", X, ragged=True),
    "ragged_backward": sequence("backward", X, ragged=True),
    "ragged_summary": sequence("summary", X, U, steady=(1,), ragged=True),
    "summary": sequence("summary", X, heads=(("loc", "real", (7,)), ("scale", "positive", (7,)))),
    "summary_beside_steady": sequence("summary", U, X, steady=(0,)),
    "pictures": sequence("forward", ("x", (1, 2, 2)), heads=(("y", "unit", (1, 2, 2)),)),
    "words": sequence("forward", ("w", ()), classes=(("w", 9),), heads=(("logits", "real", (9,)),)),
    "numbers": sequence("both", ("r", ()), heads=(("b", "real", ()),)),
    "two_results": sequence("both", X, heads=(("a", "real", (7,)), ("b", "real", (7,)))),
    "gru": cell((H, X, U), (0,), ("h", "real", (5,))),
    "gru_state_last": cell((X, H), (1,), ("h", "real", (5,))),
    "gru_of_itself": cell((H,), (0,), ("h", "real", (5,))),
    "gru_of_words": Scaffold((H, ("w", ())), (("h", "real", (5,)),), classes=(("w", 9),), state=(0,)),
    "gru_of_a_matrix": cell((("h", (2, 3)), X), (0,), ("h", "real", (2, 3))),
    "gru_with_a_result": cell((X, H), (None, 1), ("y", "positive", (4,)), ("h", "real", (5,))),
    "lstm": cell((X, H, C), (1, 2), ("h", "real", (5,)), ("c", "real", (5,))),
    "two_sizes": cell((H, ("s", (3,)), X), (0, 1), ("h", "real", (5,)), ("s", "real", (3,))),
}


def network(name: str, scaffold: Scaffold) -> Network:
    outputs = len(scaffold.heads) if scaffold.state or name == "two_results" else 1
    return Network(name, f"{name}(x)", tuple(each for each, _ in scaffold.inputs), scaffold=scaffold, outputs=outputs)


def text(name: str) -> str:
    return write_network(network(name, ALL[name]), ALL[name])


def made(name: str) -> nn.Module:
    """The network of a default, in double precision."""
    scaffold = ALL[name]
    space: dict[str, object] = {"nn": nn, "Tensor": Tensor, "torch": torch, "math": math}
    exec(text(name), space)
    kind = next(each for each in space.values() if isinstance(each, type) and each.__module__ == "builtins")
    shapes = [shape for _, shape in scaffold.inputs]
    if scaffold.state:
        shapes += [head[2] for head, place in zip(scaffold.heads, scaffold.state, strict=True) if place is None]
    else:
        shapes += [scaffold.heads[0][2], 16]  # type: ignore[list-item]
    torch.manual_seed(0)
    return kind(*shapes).double()  # type: ignore[operator,no-any-return]


def values(name: str) -> list[Tensor]:
    """Inputs of the shapes that the program gives them; sequences of the same length."""
    torch.manual_seed(1)
    scaffold, found = ALL[name], []
    for place, (each, shape) in enumerate(scaffold.inputs):
        lead = (COUNT, STEPS) if scaffold.sequence and place not in scaffold.steady else (COUNT,)
        whole = (*lead, *(shape or ()))
        category = each in dict(scaffold.classes)
        found.append(torch.randint(9, whole) if category else torch.randn(whole, dtype=torch.float64))
    return [*found, torch.full((COUNT,), STEPS)] if takes_lengths(scaffold) else found


def takes_lengths(scaffold: Scaffold) -> bool:
    return scaffold.ragged and scaffold.sequence != "forward"


@pytest.mark.parametrize("name", ALL)
def test_ruff_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    path = tmp_path / "generated.py"
    imports = "import math\n\nimport torch\nfrom torch import Tensor, nn\n"
    path.write_text(f"{imports}\nprint(math, torch, Tensor)\n\n\n{text(name)}\n")
    for command in (["format", "--diff", "--line-length", "120"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--isolated", str(path)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [each for each in ALL if ALL[each].sequence])
def test_a_result_for_every_step(name: str) -> None:
    output, scaffold = made(name)(*values(name)), ALL[name]
    lead = (COUNT,) if scaffold.sequence == "summary" else (COUNT, STEPS)
    if name == "two_results":
        results = list(output)
    elif len(scaffold.heads) > 1:
        results = [output[head] for head, _, _ in scaffold.heads]
        assert (output["scale"] > 0).all()
    else:
        results = [output]
    for result, (_, _, shape) in zip(results, scaffold.heads, strict=True):
        assert result.shape == (*lead, *(shape or ()))


@pytest.mark.parametrize(
    "name",
    [
        "both",
        "both_beside_steady",
        "forward",
        "backward",
        "pictures",
        "ragged_both",
        "ragged_forward",
        "ragged_backward",
    ],
)
def test_each_step_reads_the_steps_that_it_may(name: str) -> None:
    """The derivative of step t by step s of the input: none where s is later (earlier) than what t may read."""
    inputs = values(name)
    inputs[0].requires_grad_()
    output = made(name)(*inputs).flatten(2)
    reads = torch.zeros(STEPS, STEPS, dtype=torch.bool)
    for t in range(STEPS):
        (slope,) = torch.autograd.grad(output[:, t].sum(), inputs[0], retain_graph=True)
        reads[t] = (slope.flatten(2) != 0).any(dim=2).any(dim=0)
    every = torch.ones(STEPS, STEPS, dtype=torch.bool)
    allowed = {"both": every, "forward": every.tril(), "backward": every.triu()}
    assert torch.equal(reads, allowed[ALL[name].sequence or ""])


def test_a_steady_input_is_read_at_every_step() -> None:
    x, u = values("both_beside_steady")
    u.requires_grad_()
    output = made("both_beside_steady")(x, u)
    for t in range(STEPS):
        (slope,) = torch.autograd.grad(output[:, t].sum(), u, retain_graph=True)
        assert (slope != 0).all()


@pytest.mark.parametrize("name", ["summary", "summary_beside_steady"])
def test_a_summary_reads_all_steps_and_what_is_steady(name: str) -> None:
    inputs = [each.requires_grad_() for each in values(name)]
    output = made(name)(*inputs)
    total = output.sum() if isinstance(output, Tensor) else output["loc"].sum()
    for slope in torch.autograd.grad(total, inputs):
        assert (slope != 0).any(dim=-1).all()


def test_examples_do_not_meet() -> None:
    """The first dimension is the examples, not the steps."""
    for name in (each for each in ALL if ALL[each].sequence and not ALL[each].classes):
        inputs = [each.requires_grad_() for each in values(name) if each.is_floating_point()]
        lengths = [torch.full((COUNT,), STEPS)] if takes_lengths(ALL[name]) else []
        output = made(name)(*inputs, *lengths)
        first = next(iter(output.values())) if isinstance(output, dict) else output
        first = first[0] if isinstance(first, tuple) else first
        for slope in torch.autograd.grad(first[0].sum(), inputs):
            assert (slope[1:] == 0).all()


@pytest.mark.parametrize("name", ["ragged_both", "ragged_forward", "ragged_backward", "ragged_summary"])
def test_sequences_with_padding_are_as_each_by_itself(name: str) -> None:
    network, inputs, lengths = made(name), values(name), [STEPS, 1, 4]
    x, others = inputs[0], [each for each in inputs[1:] if each.is_floating_point()]
    told = [torch.tensor(lengths)] if takes_lengths(ALL[name]) else []
    together = network(x, *others, *told)
    for n, length in enumerate(lengths):
        alone = [torch.tensor([length])] if told else []
        own = network(x[n : n + 1, :length], *(each[n : n + 1] for each in others), *alone)
        here = together[n : n + 1] if ALL[name].sequence == "summary" else together[n : n + 1, :length]
        torch.testing.assert_close(here, own)


@pytest.mark.parametrize("name", ["gru", "gru_state_last", "gru_of_itself", "gru_of_words", "gru_of_a_matrix"])
def test_one_step_returns_the_next_state(name: str) -> None:
    inputs = values(name)
    (place,) = ALL[name].state
    assert place is not None
    after = made(name)(*inputs)
    assert after.shape == inputs[place].shape
    assert not torch.equal(after, inputs[place])


def test_a_step_is_that_of_a_gru_cell() -> None:
    network, (h, x, u) = made("gru"), values("gru")
    assert isinstance(network.cell, nn.GRUCell)
    assert torch.equal(network(h, x, u), network.cell(torch.cat([x, u], dim=1), h))


def test_two_carried_vectors_are_those_of_an_lstm_cell() -> None:
    network, (x, h, c) = made("lstm"), values("lstm")
    assert isinstance(network.cell, nn.LSTMCell)
    for ours, theirs in zip(network(x, h, c), network.cell(x, (h, c)), strict=True):
        assert torch.equal(ours, theirs)


def test_two_carried_vectors_of_two_sizes() -> None:
    h, s, x = values("two_sizes")
    after = made("two_sizes")(h, s, x)
    assert [each.shape for each in after] == [h.shape, s.shape]


def test_a_result_beside_the_state_is_read_off_the_new_state() -> None:
    network, (x, h) = made("gru_with_a_result"), values("gru_with_a_result")
    y, after = network(x, h)
    assert torch.equal(after, network.cell(x, h))
    assert torch.allclose(y, nn.functional.softplus(network.y(after)) + 1e-4)
    assert y.shape == (COUNT, 4)


def test_a_sequence_network_in_full() -> None:
    assert (
        text("backward")
        == '''\
class Backward(nn.Module):
    """A default network over the steps to come for backward(x): replace it by your own."""

    def __init__(self, x: tuple[int, ...], event: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        self.body = nn.GRU(math.prod(x), hidden, batch_first=True)
        self.b = nn.Linear(hidden, math.prod(event))
        self.event = event

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.body(x.reshape(*x.shape[:2], -1).flip(1))
        h = h.flip(1)
        return self.b(h).reshape(*h.shape[:2], *self.event)'''
    )


def test_a_step_of_a_recurrence_in_full() -> None:
    assert (
        text("gru")
        == '''\
class Gru(nn.Module):
    """A default step of the recurrence for gru(x): replace it by your own."""

    def __init__(self, h: tuple[int, ...], x: tuple[int, ...], u: tuple[int, ...]) -> None:
        super().__init__()
        self.cell = nn.GRUCell(math.prod(x) + math.prod(u), math.prod(h))

    def forward(self, h: Tensor, x: Tensor, u: Tensor) -> Tensor:
        return self.cell(torch.cat([x.reshape(len(x), -1), u.reshape(len(u), -1)], dim=1), h)'''
    )
