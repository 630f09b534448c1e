"""Networks and tensors that are moving averages of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass
from formula2dgm.spans import Span

if TYPE_CHECKING:
    from formula2dgm.ir.program import Network, Parameter


@dataclass(frozen=True, slots=True)
class Target:
    """A copy of a network or of a tensor whose weights follow it: ``own <- decay * own + (1 - decay) * of``.

    owner   the copy, with a name of its own
    of      the name of the network or the tensor that it follows
    decay   a number, or hyperparameters
    """

    owner: Network | Parameter
    of: str
    decay: ir.Node
    span: Span | None = None
