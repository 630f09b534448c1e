"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.compiler.clock import STAGES


def page(found: Mapping[str, Any]) -> str:
    """Everything that was measured, as a page of its own."""
    return "\n".join(["# How long compiling takes", "", *table(found)])


def table(found: Mapping[str, Any]) -> list[str]:
    """What was measured, where and with what."""
    where = found["machine"]
    installed = ", ".join(f"{name} {found['versions'][name]}" for name in ("formula2dgm", "python", "torch"))
    return [
        f"{where['date']}; {where['processor']}, {where['cores']} cores, {where['system']}; load before the run: "
        f"{where['load_before']}. {installed}. Milliseconds of the processor.",
        "",
        "| | fastest | median |",
        "|---|---:|---:|",
        *(f"| {name} | {each['fastest']:.1f} | {each['median']:.1f} |" for name, each in found["small"].items()),
        "",
        "| model | parts | read | resolve | optimise | generate | total | total / part | lines written |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_row(row) for row in found["growth"]),
        "",
    ]


def _row(row: Mapping[str, Any]) -> str:
    times = " | ".join(f"{row[each]:,.1f}" for each in (*STAGES, "total"))
    return f"| {row['kind']} | {row['size']:,} | {times} | {row['total'] / row['size']:.2f} | {row['lines']:,.0f} |"
