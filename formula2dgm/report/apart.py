"""``explain`` of a document that is no one model: what each of its objectives is, or why it is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.report.explain import explain_text
from formula2dgm.report.listing import said
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: One objective: its number, where it stands, its statement; and its contract, or why it is refused.
Described = tuple[str, Span, tree.Statement, dict[str, Any] | Sequence[Diagnostic]]


def apart_text(found: Sequence[Described], why: Diagnostic) -> str:
    """The objectives of a document for a reader."""
    ready = [number for number, *_, what in found if isinstance(what, dict)]
    out = [f"{why.message}; each objective by itself, with the definitions it needs:", ""]
    for number, span, statement, what in found:
        out.append(f"{number}  {span.source.name}:{span.source.position(span.start)[0]}")
        if isinstance(what, dict):
            out.append(textwrap.indent(explain_text(what).rstrip(), "    "))
        else:
            out.append(textwrap.fill(str(statement), 110, initial_indent="    ", subsequent_indent="      "))
            for each in what:
                if each.severity == "error":
                    text = said(each, span.source)
                    out.append(textwrap.indent(f"refused[{each.code}]: {text}", "    "))
        out.append("")
    out.append(
        f"{len(ready)} of {len(found)} objectives compile" + (f"; --label {ready[0]} reads one" if ready else "")
    )
    return "\n".join(out) + "\n"


def apart_data(found: Sequence[Described]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "objectives": [
            {
                "label": number,
                "source": span.source.name,
                "from": span.source.position(span.start),
                "ascii": str(statement),
                "contract": what if isinstance(what, dict) else None,
                "diagnostics": [] if isinstance(what, dict) else [each.to_json() for each in what],
            }
            for number, span, statement, what in found
        ]
    }
