"""``explain``: how every term is computed, what is shared, what was assumed."""

from __future__ import annotations

from typing import Any


def explain_text(contract: dict[str, Any]) -> str:
    """The contract as a person reads it."""
    lines = [contract["formula"]["ascii"], ""]
    for objective in contract["objectives"]:
        who = f"{objective['player']}: " if objective["player"] else ""
        trains = f", training {', '.join(objective['trains'])}" if objective["trains"] else ""
        lines.append(f"{who}{objective['direction']}{trains}")
        for term in objective["terms"]:
            sign = "" if term["coefficient"] == "1" else f"   times {term['coefficient']}"
            lines.append(f"  {term['name']}{sign}")
            lines += [f"      {each}" for each in term["computed"]]
            if term["lines"]:
                lines.append(f"      {_ranges(term['lines'])} of the module")
        lines.append("")
    lines += _section("shared work", [_share(each) for each in contract["shares"]])
    lines += _section("draws", [_site(each) for each in contract["sites"]])
    lines += _section("assumed", [each["text"] for each in contract["assumptions"]])
    lines += _section(
        "networks",
        [
            f"{each['name']}({', '.join(each['inputs'])})" + ("  (a default)" if each["default"] else "")
            for each in contract["networks"]
        ],
    )
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, rows: list[str]) -> list[str]:
    return [title, *(f"  {row}" for row in rows), ""] if rows else []


def _ranges(numbers: list[int]) -> str:
    """``[3, 4, 5, 9]`` as ``lines 3-5, 9``."""
    runs: list[list[int]] = []
    for each in sorted(numbers):
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    shown = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}"


def _share(share: dict[str, Any]) -> str:
    uses = ", ".join(share["users"])
    return f"{share['what']}: one {share['kind']}, used by {uses}"


def _site(site: dict[str, Any]) -> str:
    axes = " x ".join(site["axes"])
    gradient = f"; gradient: {site['estimator']}" if site["law"] else ""
    return f"{site['name']} ~ {site['law'] or 'a permutation of the batch'}, one for each of {axes}{gradient}"
