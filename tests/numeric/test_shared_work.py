"""One call of each network a step, whatever the number of terms; draws shared only where that is unbiased."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d


class Counted(nn.Module):
    """A linear network that counts its calls."""

    def __init__(self, inputs: int, heads: dict[str, int]):
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Linear(inputs, size) for name, size in heads.items()})
        self.calls = 0

    def forward(self, value: Tensor) -> dict[str, Tensor]:
        self.calls += 1
        return {name: head(value) for name, head in self.heads.items()}


def counted() -> tuple[Counted, Counted, dict[str, object]]:
    encoder, decoder = Counted(4, {"loc": 2, "log_scale": 2}), Counted(2, {"logits": 4})
    bindings = {
        "q(z|x)": f2d.Normal(encoder),
        "p(x|z)": f2d.Bernoulli(decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "beta": 2.0,
    }
    return encoder, decoder, bindings


@pytest.mark.parametrize(
    "formula",
    [
        "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
        "E_q(z|x)[log p(x,z)/q(z|x)]",
        "E_q(z|x)[log p(x|z) + log p(z) - log q(z|x)]",
        "E_q(z|x)[log p(x|z)] + E_q(z|x)[log p(z)] - E_q(z|x)[log q(z|x)]",
        "E_q(z|x)[log p(x|z)] - beta * KL[q(z|x) || p(z)] + 0.1 * E_q(z|x)[log p(x|z)] + H[q(z|x)]",
    ],
)
def test_one_call_of_each_network(formula: str) -> None:
    encoder, decoder, bindings = counted()
    objective = f2d.compile(formula, bindings)
    objective(x=torch.ones(3, 4))
    assert (encoder.calls, decoder.calls) == (1, 1)
    assert [site.name for site in objective.sites] == ["z"]


def test_all_samples_go_through_a_network_in_one_call() -> None:
    encoder, decoder, bindings = counted()
    objective = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bindings, samples=7)
    objective(x=torch.ones(3, 4))
    assert (encoder.calls, decoder.calls) == (1, 1)


@pytest.mark.parametrize(
    ("formula", "draws"),
    [
        ("E_q(z|x)[log p(x|z)] + E_q(z|x)[log p(z)]", 1),
        ("2 * (E_q(z|x)[log p(x|z)] + E_q(z|x)[log p(z)])", 1),
        ("E_q(z|x)[log p(x|z)] * E_q(z|x)[log p(z)]", 2),
        ("(E_q(z|x)[log p(x|z)] + E_q(z|x)[log p(z)])^2", 2),
        ("log E_q(z|x)[p(x|z)] + E_q(z|x)[log p(z)]", 1),
    ],
)
def test_draws_are_shared_only_where_the_estimate_stays_unbiased(formula: str, draws: int) -> None:
    _, _, bindings = counted()
    objective = f2d.compile(formula, bindings, maximize=True)
    assert len(objective.sites) == draws


def test_share_samples_false_always_separates() -> None:
    _, decoder, bindings = counted()
    formula = "E_q(z|x)[log p(x|z)] + E_q(z|x)[log p(z)]"
    objective = f2d.compile(formula, bindings, share_samples=False)
    assert [site.name for site in objective.sites] == ["q(z|x)", "q(z|x)#2"]


def test_the_report_and_the_code_say_what_is_shared() -> None:
    _, _, bindings = counted()
    objective = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bindings)
    shares = {
        each["what"]: each["users"]
        for each in f2d.describe("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bindings)["shares"]
    }
    assert shares["q(z|x)"] == ["the draw of z", "KL[q(z|x) || p(z)]"]
    assert "# q(z|x): one call, used by the draw of z and KL[q(z|x) || p(z)]" in objective.source


def test_a_network_with_dropout_is_called_once_and_the_user_is_told() -> None:
    encoder, _, bindings = counted()
    encoder.heads["loc"] = nn.Sequential(nn.Dropout(0.5), encoder.heads["loc"])
    formula = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"
    objective = f2d.compile(formula, bindings)
    objective(x=torch.ones(3, 4))
    assert encoder.calls == 1
    assert any("random layers" in each for each in objective.assumptions)
    encoder.calls = 0
    again = f2d.compile(formula, bindings, share_stochastic=False)
    again(x=torch.ones(3, 4))
    assert encoder.calls == 2
