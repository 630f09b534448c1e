"""Small smooth networks with named outputs, each in the range that its name asks for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def positive(raw: Tensor) -> Tensor:
    return nn.functional.softplus(raw) + 0.3


def lower_triangle(raw: Tensor) -> Tensor:
    return 0.3 * raw.tril(-1) + torch.diag_embed(positive(raw.diagonal(dim1=-2, dim2=-1)))


#: How raw numbers become a parameter, by the head's name.
RANGES = {
    "loc": lambda raw: raw,
    "logits": lambda raw: raw,
    "value": lambda raw: raw,
    "log_scale": torch.tanh,
    "log_var": torch.tanh,
    "log_rate": torch.tanh,
    "log_concentration": torch.tanh,
    "probs": lambda raw: 0.05 + 0.9 * torch.sigmoid(raw),
    "simplex": lambda raw: torch.softmax(raw, -1),
    "direction": lambda raw: nn.functional.normalize(raw, dim=-1),
    "df": lambda raw: positive(raw) + 2,
    "low": lambda raw: -positive(raw),
    "scale_tril": lower_triangle,
    "cov_factor": lambda raw: 0.5 * raw,
}


class Net(nn.Module):
    """A hidden layer, and a head for each output; several inputs stand side by side.

    heads: the shape of each output, by name; ranges: what makes it of raw numbers, where not by its name ("positive")
    """

    def __init__(
        self,
        heads: Mapping[str, tuple[int, ...]],
        inputs: int,
        generator: torch.Generator,
        ranges: Mapping[str, str] | None = None,
        style: str = "dict",
    ):
        super().__init__()
        self.shapes, self.style = dict(heads), style
        self.ranges = {name: (ranges or {}).get(name, name) for name in heads}
        self.body = nn.Linear(inputs, 4, dtype=torch.float64)
        self.heads = nn.ModuleList(
            nn.Linear(4, torch.Size(shape).numel(), dtype=torch.float64) for shape in self.shapes.values()
        )
        for parameter in self.parameters():
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)

    def forward(self, *inputs: Tensor) -> object:
        weight = self.body.weight
        flat = torch.cat([each.to(weight).reshape(len(each), -1) for each in inputs], -1)
        hidden = torch.tanh(self.body(flat))
        out = {}
        for (name, shape), head in zip(self.shapes.items(), self.heads, strict=True):
            raw = head(hidden).reshape(len(hidden), *shape)
            out[name] = RANGES.get(self.ranges[name], positive)(raw)
        if self.style == "tensor":
            return next(iter(out.values()))
        return tuple(out.values()) if self.style == "tuple" else out
