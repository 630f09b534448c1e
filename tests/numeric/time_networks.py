"""Small networks over sequences for the numeric tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Cell(nn.Module):
    """One step of a recurrence of the user's own: the inputs side by side, whatever their order."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, *given: Tensor) -> Tensor:
        assert all(each.dim() == 2 for each in given), "a network is given [n, event]"
        return torch.tanh(self.layer(torch.cat(given, dim=1)))


class Recurrent(nn.Module):
    """A causal GRU over sequences side by side, and a Gaussian at each of its steps."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 4):
        super().__init__()
        self.rnn = nn.GRU(inputs, hidden, batch_first=True)
        self.loc, self.log_scale = nn.Linear(hidden, outputs), nn.Linear(hidden, outputs)

    def forward(self, *given: Tensor) -> dict[str, Tensor]:
        assert all(each.dim() == 3 for each in given), "the network is given [n, steps, event]"
        h, _ = self.rnn(torch.cat(given, dim=-1))
        return {"loc": self.loc(h), "log_scale": 0.3 * torch.tanh(self.log_scale(h))}


class Ahead(nn.Module):
    """A GRU that runs from the last step to the first."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.rnn = nn.GRU(inputs, hidden, batch_first=True)

    def forward(self, given: Tensor) -> Tensor:
        assert given.dim() == 3, "the network is given [n, steps, event]"
        return self.rnn(given.flip(1))[0].flip(1)


class Whole(nn.Module):
    """A Gaussian of the whole sequence, which reads the steps in order."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 4):
        super().__init__()
        self.rnn = nn.GRU(inputs, hidden, batch_first=True)
        self.loc, self.log_scale = nn.Linear(hidden, outputs), nn.Linear(hidden, outputs)

    def forward(self, given: Tensor) -> dict[str, Tensor]:
        assert given.dim() == 3, "the network is given [n, steps, event]"
        h = self.rnn(given)[0][:, -1]
        return {"loc": self.loc(h), "log_scale": 0.3 * torch.tanh(self.log_scale(h))}


class WholeSteps(Whole):
    """A Gaussian at each step, given the sum of all steps and the step itself."""

    def forward(self, given: Tensor) -> dict[str, Tensor]:
        assert given.dim() == 3, "the network is given [n, steps, event]"
        h = self.rnn(given.flip(1))[0].flip(1) + self.rnn(given)[0]
        return {"loc": self.loc(h), "log_scale": 0.3 * torch.tanh(self.log_scale(h))}


class Concentrations(nn.Module):
    """The parameters of a Gamma, from any number of inputs side by side."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.concentration, self.rate = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, *given: Tensor) -> dict[str, Tensor]:
        h = torch.tanh(torch.cat(given, dim=1))
        return {"concentration": 1 + self.concentration(h).exp(), "rate": 0.5 + self.rate(h).exp()}
