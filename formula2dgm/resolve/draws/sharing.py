"""Which brackets share a draw.

Two brackets over the same factor share their draw iff the node where their paths meet, and every node above it
up to the root, is linear in both branches: then the estimate of the sum is unbiased whether they share or not.
Otherwise (a product of two expectations) sharing would change what is estimated, and they
draw separately.  So does a bracket nested in another over the same factor: ``E_q[f E_q[g]]`` is ``E_q[f] E_q[g]``.

A path starts with its objective's own entry: brackets of different objectives never share.  The empty path is a
statement's (``z ~ q(z|x)``): the same draw in every objective, which a bracket in a linear position joins.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis

Path = tuple[tuple[int, bool], ...]


def may_share(left: Path, right: Path) -> bool:
    """Is the meeting node of two paths, and everything above it, linear?"""
    if not left or not right:
        return all(linear for _, linear in (*left, *right))
    if left[0] != right[0]:
        return False
    for (a, linear_left), (b, linear_right) in zip(left, right, strict=False):
        if a != b:
            return True
        if not (linear_left and linear_right):
            return False
    return False


@dataclass(slots=True)
class DrawBook:
    """All draws of a resolution, with the brackets that use them."""

    uses: dict[tuple[str, ir.Law, tuple[Axis, ...]], list[list[Path]]] = field(default_factory=dict)
    sites: dict[str, tuple[str, ir.Law, tuple[Axis, ...], int] | None] = field(default_factory=dict)

    def copy_for(self, variable: str, law: ir.Law, own: tuple[Axis, ...], path: Path, share: bool) -> int:
        """The number of the draw that a bracket at ``path`` uses: a shared one, or the next."""
        copies = self.uses.setdefault((variable, law, own), [])
        for number, brackets in enumerate(copies):
            if path in brackets or (share and all(may_share(path, each) for each in brackets)):
                brackets.append(path)
                return number
        copies.append([path])
        return len(copies) - 1

    def site(self, variable: str, law: ir.Law, own: tuple[Axis, ...], copy: int, reserved: str | None = None) -> str:
        """A provisional site name, unique among the draws; the final names are given when all draws are known.

        ``reserved`` is taken by the first draw that asks for it.
        """
        for name, known in self.sites.items():
            if known == (variable, law, own, copy):
                return name
        name = reserved if reserved is not None and self.sites[reserved] is None else self.reserve(variable)
        self.sites[name] = (variable, law, own, copy)
        return name

    def reserve(self, variable: str) -> str:
        """A site of a variable that is read before it is drawn: ``z_{t-1}``."""
        number = sum(1 for name in self.sites if name.split("@")[0] == variable)
        name = variable if number == 0 else f"{variable}@{number}"
        self.sites[name] = None
        return name
