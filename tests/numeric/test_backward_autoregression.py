r"""Entries from the last to the first: ``p(x) = \prod_i p(x_i|x_{>i})`` is a law of the other order."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

SIZE = 4
KEY = r"p_\theta(x_i|x_{>i})"
TEXT = [r"\max_\theta \log p_\theta(x)", rf"p_\theta(x) = \prod_{{i=1}}^D {KEY}", r"x \in \{0,1\}^4"]


class Upper(nn.Module):
    """A linear map of which each result reads the entries behind it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight, self.bias = nn.Parameter(2 * torch.randn(SIZE, SIZE)), nn.Parameter(torch.randn(SIZE))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight.triu(1), self.bias)


class Backwards(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = f2d.Reversed(nn.GRU(1, 6, batch_first=True)), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x.unsqueeze(-1)))[..., 0]  # type: ignore[no-any-return]


def model(network: nn.Module, text: list[str] = TEXT, key: str = KEY) -> Any:
    return f2d.compile(text, {key: f2d.Bernoulli(logits=network)}).double()


def states() -> Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=SIZE)), dtype=torch.float64)


def log_law(network: nn.Module, x: Tensor) -> Tensor:
    """One entry after the other, the last first: each by what the network says where all before it is zero."""
    total = torch.zeros(len(x), dtype=torch.float64)
    for i in reversed(range(SIZE)):
        known = torch.zeros_like(x)
        if isinstance(network, f2d.Masked):
            known[:, i + 1 :] = x[:, i + 1 :]
            logits = network.network(known)[:, i]
        else:
            known[:, i : SIZE - 1] = x[:, i + 1 :]
            logits = network(known)[:, i]
        total = total + torch.distributions.Bernoulli(logits=logits).log_prob(x[:, i])
    return total


def networks() -> dict[str, nn.Module]:
    return {"masked": f2d.Masked(Upper(), backward=True), "recurrent": Backwards()}


@pytest.mark.parametrize("name", networks())
def test_values_are_those_of_one_entry_after_the_other(name: str) -> None:
    o = model(networks()[name])
    network = next(iter(o.children()))
    x = states()
    with torch.no_grad():
        known = log_law(network, x)
        assert_close(known.exp().sum(), torch.tensor(1.0, dtype=torch.float64))
        assert_close(o(x=x).value, known.mean())


@pytest.mark.parametrize("name", networks())
def test_draws_have_the_law(name: str) -> None:
    """Of 20,000 draws each state within six deviations of its probability."""
    o = model(networks()[name])
    torch.manual_seed(1)
    drawn = o.sample(20_000)["x"].detach()
    with torch.no_grad():
        known = log_law(next(iter(o.children())), states()).exp()
    counts = torch.bincount((drawn @ (2.0 ** torch.arange(SIZE - 1, -1, -1).double())).long(), minlength=2**SIZE)
    assert ((counts / 20_000 - known).abs() < 6 * (known * (1 - known) / 20_000).sqrt()).all()


@pytest.mark.parametrize("given", ["x_{i+1:D}", r"x_{i+1}, \dots, x_D", "x_{i+1:4}"])
def test_spellings(given: str) -> None:
    """A number of entries may stand for its name."""
    upper = "^{4}" if "4" in given else "^D"
    text = [TEXT[0], TEXT[1].replace("x_{>i}", given).replace("^D", upper), TEXT[2]]
    found, expected = (f2d.compile(each, scaffold=True) for each in (text, TEXT))
    expected.load_state_dict(found.state_dict())
    x = states()
    assert_close(found(x=x).loss, expected(x=x).loss)


@pytest.mark.parametrize("network", [Upper(), f2d.Masked(Upper()), nn.Sequential(nn.Linear(SIZE, SIZE))])
def test_networks_of_another_order_are_refused(network: nn.Module) -> None:
    """One that is masked by itself and not bound so, one bound for the other order, one that reads all."""
    with pytest.raises(FormulaError) as caught:
        model(network)(x=states())
    assert caught.value.diagnostics[0].code == "F2D-0607"


def test_a_masked_network_names_its_direction() -> None:
    with pytest.raises(FormulaError, match=r"f2d.Masked\(network, backward=True\)"):
        model(Upper())(x=states())
