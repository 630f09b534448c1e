"""The results as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.clock import Entry
from benchmarks.contest import Model
from benchmarks.gate import Agreement
from benchmarks.intervals import Interval, median_interval, ratio_interval
from benchmarks.machine import versions
from benchmarks.plot import svg

CLOCKS = ("process", "wall")


def results(
    model: Model, entered: list[Entry], agreements: Iterable[Agreement], options: Mapping[str, Any], where: Any
) -> dict[str, Any]:
    """Everything that was measured, ready for JSON; times in milliseconds."""
    return {
        "model": model.name,
        "title": model.title,
        "formula": list(model.formula),
        "ours": model.ours,
        "scale": model.scale,
        "options": dict(options),
        "machine": where,
        "versions": versions(),
        "contenders": {each.name: each.says for each in model.contenders if each.timed},
        "agreement": [asdict(each) for each in agreements],
        "rows": [_row(model, entry, entered) for entry in entered],
        "growth": _growth(model, entered),
    }


def _row(model: Model, entry: Entry, entered: list[Entry]) -> dict[str, Any]:
    """A contender's times, and those of ours relative to them."""
    ours = [each for each in entered if each.setting == entry.setting and each.contender.name == model.ours]
    row: dict[str, Any] = {"setting": dict(entry.setting), "contender": entry.contender.name, "peak": entry.peak}
    for clock in CLOCKS:
        row[clock] = asdict(median_interval([1e3 * each for each in entry.seconds[clock]]))
        for each in ours:
            row[f"ours_to_it_{clock}"] = asdict(ratio_interval(each.seconds[clock], entry.seconds[clock]))
    return row


def _growth(model: Model, entered: list[Entry]) -> list[dict[str, Any]]:
    """What one unit of scale costs in each setting, relative to the first."""
    if model.scale is None:
        return []
    found = []
    for contender in dict.fromkeys(each.contender.name for each in entered):
        first, *others = [each for each in entered if each.contender.name == contender]
        smallest = first.setting[model.scale]
        for other in others:
            size = other.setting[model.scale]
            ratio = ratio_interval(
                [each / size for each in other.seconds["process"]],
                [each / smallest for each in first.seconds["process"]],
            )
            found.append({"contender": contender, "from": smallest, "to": size, "process": asdict(ratio)})
    return found


def markdown(found: Mapping[str, Any]) -> str:
    """The results as a page."""
    return "\n".join([*_head(found), *_settings(found), *_units(found), *_feet(found)])


def _head(found: Mapping[str, Any]) -> list[str]:
    where, options = found["machine"], found["options"]
    installed = ", ".join(f"{name} {value}" for name, value in found["versions"].items())
    return [
        f"# {found['title']}",
        "",
        *(f"    {each}" for each in found["formula"]),
        "",
        f"{where['date']}; {where['processor']}, {where['cores']} cores, {where['capability']}, {where['system']}; "
        f"threads: {where['threads']}; load before the run: {where['load_before']}. {installed}.",
        "",
        f"A step is {options['step']}. {options['rounds']} rounds; medians, and 95 % bootstrap intervals of the "
        "medians of paired ratios, with their quartiles. Process time leaves out what other processes of the machine "
        "took; ratios are of process time. The peak is what a step allocates at most, beyond what stood before it.",
        "",
        f"![ratios]({found['model']}{'_bare' if options['adam'] is None else ''}.svg)",
        "",
    ]


def _settings(found: Mapping[str, Any]) -> list[str]:
    """A table for each setting."""
    lines = []
    for setting in dict.fromkeys(json.dumps(row["setting"]) for row in found["rows"]):
        said = ", ".join(f"{name} {value}" for name, value in json.loads(setting).items())
        lines += [f"## {said}", ""]
        lines += ["| contender | ms, process | ms, wall | ours / it | quartiles | peak, MB |"]
        lines += ["|---|---:|---:|---:|---:|---:|"]
        lines += [_line(row, found["ours"]) for row in found["rows"] if json.dumps(row["setting"]) == setting]
        lines += [""]
    return lines


def _line(row: Mapping[str, Any], ours: str) -> str:
    cells = [row["contender"], *(f"{row[clock]['median']:.2f}" for clock in CLOCKS)]
    ratio = row.get("ours_to_it_process")
    if ratio is None or row["contender"] == ours:
        cells += ["", ""]
    else:
        cells += [str(Interval(**ratio)), f"{ratio['first_quartile']:.3f} to {ratio['third_quartile']:.3f}"]
    cells.append(f"{row['peak'] / 1e6:.3g}" if row.get("peak") else "")
    return "| " + " | ".join(cells) + " |"


def _units(found: Mapping[str, Any]) -> list[str]:
    """The cost of a unit of scale, and whether it grows."""
    scale = found["scale"]
    if scale is None:
        return []
    sizes = sorted({row["setting"][scale] for row in found["rows"]})
    growth = {(each["contender"], each["to"]): str(Interval(**each["process"])) for each in found["growth"]}
    lines = [f"## The cost of one of the {scale}", "", f"Microseconds of process time for each of the {scale}.", ""]
    titles = [f"{size}" for size in sizes] + [f"{size} / {sizes[0]}" for size in sizes[1:]]
    lines += [f"| contender | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
    for contender in dict.fromkeys(row["contender"] for row in found["rows"]):
        rows = {row["setting"][scale]: row for row in found["rows"] if row["contender"] == contender}
        cells = [f"{1e3 * rows[size]['process']['median'] / size:.0f}" if size in rows else "" for size in sizes]
        cells += [growth.get((contender, size), "") for size in sizes[1:]]
        lines.append(f"| {contender} | {' | '.join(cells)} |")
    return [*lines, ""]


def _feet(found: Mapping[str, Any]) -> list[str]:
    worst = {
        dtype: max(max(each["loss"], each["gradient"]) for each in found["agreement"] if each["dtype"] == dtype)
        for dtype in sorted({each["dtype"] for each in found["agreement"]})
    }
    said = ", ".join(f"{value:.1g} in {dtype}" for dtype, value in worst.items())
    return [
        "## Contenders",
        "",
        *(f"- **{name}**: {says}" for name, says in found["contenders"].items()),
        "",
        f"Before the timing, all were compared at the same noise: losses and gradients differ by at most {said}, "
        "relative to their largest entries.",
        "",
    ]


def write(found: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Data and page, named after the model, and the page's picture."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{found['model']}_bare" if found["options"]["adam"] is None else found["model"]
    data, page = folder / f"{name}.json", folder / f"{name}.md"
    data.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.svg").write_text(svg(found), encoding="utf-8")
    page.write_text(markdown(found), encoding="utf-8")
    return data, page
