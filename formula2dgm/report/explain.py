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
            lines += [f"      {each}" for each in [term["words"], *term["computed"]]]
            lines += _labelled("shapes", [shape_text(each) for each in term["shapes"]])
            lines += _labelled("calls", [call_text(each) for each in term["calls"]])
            if term["lines"]:
                lines.append(f"      {line_numbers(term['lines'])} of the module")
        lines.append("")
    lines += _section("shared work", [share_text(each) for each in contract["shares"]])
    lines += _section("draws", [draw_text(each) for each in contract["sites"]])
    lines += _section("assumed", [each["text"] for each in contract["assumptions"]])
    lines += _section("networks", [network_text(each) for each in contract["networks"]])
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, rows: list[str]) -> list[str]:
    return [title, *(f"  {row}" for row in rows), ""] if rows else []


def _labelled(label: str, parts: list[str]) -> list[str]:
    return [f"      {label}: {'; '.join(parts)}"] if parts else []


def line_numbers(numbers: list[int]) -> str:
    """``[3, 4, 5, 9]`` as ``lines 3-5, 9``.

    >>> line_numbers([3, 4, 5, 9])
    'lines 3-5, 9'
    """
    if not numbers:
        return ""
    runs: list[list[int]] = []
    for each in sorted(numbers):
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    shown = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}"


def shape_text(shape: dict[str, Any]) -> str:
    """A variable's axes and event: ``z is K x batch x 16``."""
    event = [str(each) for each in shape["event"]] if shape["event"] is not None else ["..."]
    return f"{shape['name']} is {' x '.join([*shape['axes'], *event]) or 'a number'}"


def call_text(call: dict[str, Any]) -> str:
    """A network's calls: ``f_theta once, for K x batch``."""
    times = {1: "once", 2: "twice"}.get(call["calls"], f"{call['calls']} times")
    axes = " x ".join(call["axes"])
    return f"{call['network']} {times}" + (f", for {axes}" if axes else "")


def network_text(network: dict[str, Any]) -> str:
    """A network with its inputs."""
    return f"{network['name']}({', '.join(network['inputs'])})" + ("  (a default)" if network["default"] else "")


def share_text(share: dict[str, Any]) -> str:
    """What is computed once, and for whom."""
    uses = ", ".join(share["users"])
    return f"{share['what']}: one {share['kind']}, used by {uses}"


def draw_text(site: dict[str, Any]) -> str:
    """A draw, its law and its gradient."""
    axes = " x ".join(site["axes"])
    gradient = f"; gradient: {site['estimator']}" if site["law"] else ""
    return f"{site['name']} ~ {site['law'] or 'a permutation of the batch'}, one for each of {axes}{gradient}"
