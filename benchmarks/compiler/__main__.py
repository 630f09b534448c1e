"""``python -m benchmarks.compiler`` measures; it writes results, the table of docs/performance.md and its picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.compiler import clock
from benchmarks.compiler.page import page, table
from benchmarks.compiler.picture import svg
from benchmarks.compiler.texts import KINDS
from benchmarks.machine import machine, versions

RESULTS = clock.ROOT / "benchmarks" / "results"
DOCS = clock.ROOT / "docs"
BEGINS, ENDS = "<!-- written by python -m benchmarks.compiler -->", "<!-- up to here -->"


def measured(rounds: int) -> dict[str, Any]:
    """Everything, ready for JSON."""
    clock.quiet()
    where = machine()
    small = {f"a bound of three densities, {name}": each for name, each in clock.elbo(20 * rounds).items()}
    small["`formula2dgm check examples/vae.tex`, the whole process"] = clock.process(
        ["-m", "formula2dgm", "check", "examples/vae.tex"], 5 * rounds
    )
    small["`python -c pass`, for comparison"] = clock.process(["-c", "pass"], 5 * rounds)
    growth = []
    for kind in KINDS:
        for size in kind.sizes:
            found = clock.fastest(kind.text(size), rounds if size <= 100 else 2)
            growth.append({"kind": kind.name, "size": size, **found})
            print(f"{size:6,} {kind.name}: {found['total']:,.0f} ms", flush=True)
    return {"machine": where, "versions": versions(), "small": small, "growth": growth}


def write(found: dict[str, Any], results: Path = RESULTS, docs: Path = DOCS) -> None:
    """The results as JSON and a page, and what of them stands in the documentation."""
    (results / "compiler.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (results / "compiler.md").write_text(page(found), encoding="utf-8")
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in found["growth"]:
        curves.setdefault(row["kind"], []).append((row["size"], row["total"]))
    (docs / "pictures" / "compile_time.svg").write_text(svg(curves), encoding="utf-8")
    said = docs / "performance.md"
    before, _, rest = said.read_text(encoding="utf-8").partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    said.write_text("\n".join([f"{before}{BEGINS}", "", *table(found), f"{ENDS}{after}"]), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compiler", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each small measurement is repeated")
    write(measured(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
