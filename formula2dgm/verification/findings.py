"""What a verification finds: comparisons, each with its largest difference and what was allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from formula2dgm.records import dataclass

#: How many of the comparisons that fail are listed, of each kind.
LISTED = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two numbers, or tensors, that have to agree.

    kind        what is compared with what: ``generated code, reference (float64)``
    subject     of what: ``loss``, ``gradient of q_z_given_x.loc.weight``
    case        where: ``3 examples, seed 0``
    difference  the largest difference, in units of what is compared: relative for values, standard errors for estimates
    allowed     the largest that is not a mismatch
    """

    kind: str
    subject: str
    case: str
    difference: float
    allowed: float

    @property
    def agrees(self) -> bool:
        """Is the difference within what is allowed? That of a number which is not finite is not."""
        return self.difference <= self.allowed


@dataclass(frozen=True, slots=True)
class Verification:
    """All comparisons of a formula; what could not be compared, with the reason.

    Renders as a table: ``print(f2d.verify(formula))``.
    """

    formula: str
    comparisons: tuple[Comparison, ...]
    left_out: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Does everything agree, and was anything compared?"""
        return bool(self.comparisons) and all(each.agrees for each in self.comparisons)

    @property
    def mismatches(self) -> tuple[Comparison, ...]:
        return tuple(each for each in self.comparisons if not each.agrees)

    def to_json(self) -> dict[str, Any]:
        """Plain data: the verdict, every comparison, what was left out."""
        listed = [{**asdict(each), "agrees": each.agrees} for each in self.comparisons]
        return {
            "formula": self.formula,
            "agrees": self.agrees,
            "comparisons": listed,
            "left_out": list(self.left_out),
        }

    def __str__(self) -> str:
        lines = [self.formula, ""]
        rows = [_row(kind, found) for kind, found in by_kind(self.comparisons)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for _, found in by_kind(self.mismatches):
            lines += ["", *(f"  {each.kind}: {_told(each)}" for each in found[:LISTED])]
            lines += [f"  and {len(found) - LISTED} more"] if len(found) > LISTED else []
        lines += ["", *(f"not compared: {each}" for each in self.left_out)] if self.left_out else []
        verdict = "everything agrees" if self.agrees else "MISMATCH" if self.comparisons else "nothing was compared"
        return "\n".join([*lines, "", verdict])


def by_kind(found: Iterable[Comparison]) -> Iterator[tuple[str, list[Comparison]]]:
    """The comparisons of each kind, in the order of the first of each."""
    groups: dict[str, list[Comparison]] = {}
    for each in found:
        groups.setdefault(each.kind, []).append(each)
    yield from groups.items()


def _row(kind: str, found: list[Comparison]) -> tuple[str, str, str, str]:
    worst = max(found, key=lambda each: each.difference / each.allowed if each.difference == each.difference else 1e300)
    wrong = sum(not each.agrees for each in found)
    return (
        kind,
        f"{len(found)} compared",
        f"largest difference {worst.difference:.2g}, allowed {worst.allowed:.2g}",
        f"{wrong} wrong" if wrong else "ok",
    )


def _told(each: Comparison) -> str:
    return f"{each.subject}, {each.case}: {each.difference:.3g}, allowed {each.allowed:.2g}"
