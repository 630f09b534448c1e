"""Names for a chosen row of a codebook: ``e_{k^*}`` where ``k^* = \\argmin_j \\|z_e(x) - e_j\\|``."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Code(tree.Symbol):
    """A name that stands for a chosen row.

    choice    ``argmin_j`` or ``argmax_j`` of what is compared
    row       ``e_j``, the row at the index that the choice binds
    straight  what its gradient is copied to, where an option asks for that
    """

    choice: tree.Big = field(kw_only=True)
    row: tree.Symbol = field(kw_only=True)
    straight: tree.Node | None = field(default=None, kw_only=True)
