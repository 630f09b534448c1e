"""Players over time: what one player carries from step to step is constant for the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from networks import Logits
from programs import BATCH
from time_builder import SEQUENCE, TIME, TimeBuilder
from time_networks import Cell
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.testing import assert_close

from formula2dgm.codegen import generate
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective, Parameter, Program, Term
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build
from formula2dgm.runtime.reference import Reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}
ROWS, STEPS, X, Z, H = 3, 4, 2, 3, 4


class Critic(nn.Module):
    """A number for a whole sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.last = nn.GRU(X, H, batch_first=True), nn.Linear(H, 1)

    def forward(self, given: Tensor) -> Tensor:
        assert given.dim() == 3, "the network is given [n, steps, event]"
        return self.last(self.rnn(given)[0][:, -1])


def adversarial() -> Program:
    """A recurrent generator from white noise against a critic of whole sequences."""
    b = TimeBuilder("min_G max_D E_x[log D(x_{1:T})] + E_z[log(1 - D(G(h_{1:T})))]")
    x = b.data("x", SEQUENCE, support="real")
    z = b.draw(b.standard("p(z_t)", (Z,)), "z", (BATCH, TIME))
    before = b.previous("h", b.make(ir.Param, "h_0", True))

    def player(name: str) -> tuple[Term, ...]:
        made = name == "G"
        h = b.state("h", b.make(ir.Head, b.call("f", [z, before], frozen=not made)), H)
        sample = b.make(ir.Head, b.call("G", [h], frozen=not made))
        real = b.make(ir.Head, b.call("D", [b.sequence(x)], frozen=made))
        fake = b.make(ir.Head, b.call("D", [b.sequence(sample)], frozen=made))
        on_real = b.make(ir.Apply, "log_sigmoid", (real,))
        on_fake = b.make(ir.Apply, "log_sigmoid", (b.make(ir.Neg, fake),))
        terms = (b.term("log D(x_{1:T})", b.mean(on_real)), b.term("log(1 - D(G(h_{1:T})))", b.mean(on_fake)))
        return terms[1:] if made else terms

    program = b.program(*player("D"), parameters=(Parameter("h_0", "h_0", True, (H,)),))
    span = program.objectives[0].span
    objectives = (
        Objective(player("D"), True, "D", ("D",), span=span),
        Objective(player("G"), False, "G", ("G", "f", "h_0"), span=span),
    )
    return replace(program, objectives=objectives, networks=tuple(b.networks.values()))


@pytest.mark.parametrize("player", ["D", "G"])
def test_each_player_moves_its_own(player: str) -> None:
    nets: dict[str, nn.Module] = {"f": Cell(Z + H, H), "G": Logits(H, X), "D": Critic()}
    start = nn.Parameter(torch.randn(H))
    x, noise = torch.randn(ROWS, STEPS, X), torch.randn(ROWS, STEPS, Z)

    samples, h = [], start.expand(ROWS, H)
    for t in range(STEPS):
        h = nets["f"](noise[:, t], h)
        samples.append(nets["G"](h))
    fake = logsigmoid(-nets["D"](torch.stack(samples, 1))).mean()
    wanted = fake if player == "G" else logsigmoid(nets["D"](x)).mean() + fake

    program = verify(adversarial())
    judge = Reference(program, nets, {"x": x}, {"z": noise}, parameters={"h_0": start}).run(player)
    passed = run_passes(program, debug=True)
    found = build(passed, generate(passed), nets, {"h_0": start})(x=x, noise={"z": noise}, player=player)

    owned = ["G", "f"] if player == "G" else ["D"]
    moved = [each for name in owned for each in nets[name].parameters()]
    for value in (judge.value, found.value):
        assert_close(value, wanted, **EXACT)
        expected = torch.autograd.grad(wanted, moved, retain_graph=True)
        assert_close(torch.autograd.grad(value, moved, retain_graph=True), expected, **EXACT)
        held = [each for name in nets.keys() - set(owned) for each in nets[name].parameters()]
        still = torch.autograd.grad(value, held, allow_unused=True, retain_graph=True)
        assert all(each is None for each in still), "the other player's networks are constants here"
