"""The batches of an epoch: streams of data of any sizes, each in an order of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from formula2dgm.records import dataclass
from formula2dgm.runtime.arguments import canonical, refuse


@dataclass(frozen=True, slots=True)
class Stream:
    """Data variables whose rows belong together, by keyword, and how many rows a batch takes."""

    data: dict[str, Tensor]
    size: int

    @property
    def total(self) -> int:
        return len(next(iter(self.data.values())))

    def rows(self, order: torch.Generator) -> Iterator[Tensor]:
        """Batches of rows without end, in a new order each time all are through."""
        rows = torch.empty(0, dtype=torch.long)
        while True:
            while len(rows) < self.size:
                rows = torch.cat([rows, torch.randperm(self.total, generator=order)])
            yield rows[: self.size]
            rows = rows[self.size :]

    @property
    def steps(self) -> int:
        """The batches of one pass."""
        return self.total // self.size


def streams_of(
    objective: Any, data: Tensor | Mapping[str, Tensor], batch_size: int | Mapping[str, int]
) -> list[Stream]:
    """The data as streams; refused (F2D-0681) where they make no batch."""
    tensors = by_keyword(objective, data)
    axes = {each.name: getattr(each, "axes", ()) for each in getattr(objective, "inputs", ())}
    groups: dict[object, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        batch = next((axis for axis in axes.get(name, ()) if axis.kind == "batch"), len(value))
        groups.setdefault(batch, {})[name] = value
    out = []
    for members in groups.values():
        totals = {name: len(value) for name, value in members.items()}
        if len(set(totals.values())) > 1:
            raise refuse("F2D-0681", f"these are rows of one batch, but differ in number: {totals}")
        size = min(_size(batch_size, members), *totals.values())
        out.append(Stream(members, size))
    return out


def by_keyword(objective: Any, data: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The data by keyword, what the formula does not use left out; one tensor is the data of one variable."""
    names = [each.name for each in getattr(objective, "inputs", ())]
    if isinstance(data, Tensor):
        if len(names) != 1:
            raise refuse("F2D-0681", f"one tensor for {len(names)} variables", f"pass a mapping of {names}")
        data = {names[0]: data}
    tensors = {key if key in names else canonical(str(key)): torch.as_tensor(value) for key, value in data.items()}
    if names:
        if missing := [name for name in names if name not in tensors]:
            raise refuse("F2D-0681", f"the formula needs {', '.join(missing)}: the data have {', '.join(tensors)}")
        tensors = {name: tensors[name] for name in names}
    if not tensors or any(value.ndim == 0 or len(value) == 0 for value in tensors.values()):
        sizes = {name: list(value.shape) for name, value in tensors.items()}
        raise refuse("F2D-0681", f"there is no batch in data of shapes {sizes}")
    return tensors


def _size(batch_size: int | Mapping[str, int], members: Mapping[str, Tensor]) -> int:
    """The rows of a batch of these variables: one number for all, or that of one of them."""
    given = (
        [batch_size] if isinstance(batch_size, int) else [batch_size[name] for name in members if name in batch_size]
    )
    size = given[0] if given else 64
    if size < 1:
        raise refuse("F2D-0681", f"there is no batch of {size} examples")
    return size


def batches(streams: list[Stream], order: torch.Generator, device: torch.device) -> Iterator[dict[str, Tensor]]:
    """One epoch: one pass over the stream with the most batches, shorter ones begun again in a new order."""
    steps = max(each.steps for each in streams)
    rows = [each.rows(order) for each in streams]
    for _ in range(steps):
        chosen = [next(each) for each in rows]
        yield {
            name: value[rows_of.to(value.device)].to(device)
            for each, rows_of in zip(streams, chosen, strict=True)
            for name, value in each.data.items()
        }
