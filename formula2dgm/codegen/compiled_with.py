"""The options of a compilation as a line of the written text, and that line read again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from formula2dgm.codegen.python import WIDTH
from formula2dgm.registry.estimators import Relaxed, Score

START = "Compiled with "


def as_text(options: Mapping[str, object]) -> str:
    """The options that were given, on lines that fit; empty where all are as they are.

    >>> as_text({"dims": {"z": 16}, "estimators": {"y": Score("batch")}})
    'Compiled with {"dims": {"z": 16}, "estimators": {"y": {"score": "batch"}}}.'
    """
    if not options:
        return ""
    words = f"{START}{json.dumps(options, default=_plain, ensure_ascii=False)}.".split(" ")
    lines = [words[0]]
    for word in words[1:]:
        fits = len(lines[-1]) + len(word) < WIDTH - 4
        lines[-1:] = [f"{lines[-1]} {word}"] if fits else [lines[-1], f"    {word}"]
    return "\n".join(lines)


def options_in(text: str) -> dict[str, object]:
    """The options of such a line in a text, as keywords of ``f2d.compile``.

    >>> options_in('Compiled with {"estimators": {"y": {"score": "batch"}}}.')
    {'estimators': {'y': Score(baseline='batch')}}
    """
    found = re.search(rf"^{START}(\{{.*?\}})\.$", text, re.MULTILINE | re.DOTALL)
    options: dict[str, object] = json.loads(found[1].replace("\n    ", " ")) if found else {}
    if isinstance(chosen := options.get("estimators"), dict):
        options["estimators"] = {name: _choice(each) for name, each in chosen.items()}
    return options


def statements_in(text: str) -> list[str]:
    """The statements at the head of a written text, each on one line.

    >>> statements_in("p(z) = Normal(z; 0,\\n    I)\\nlog p(x|z)\\n\\nIn LaTeX:\\n\\n    ...")
    ['p(z) = Normal(z; 0, I)', 'log p(x|z)']
    """
    return text.split("\n\nIn LaTeX:")[0].replace("\n    ", " ").strip().split("\n")


def _plain(choice: object) -> object:
    """A chosen estimator as JSON."""
    match choice:
        case Score(None) | Relaxed(0.5, None):
            return choice.name
        case Score(baseline):
            return {"score": baseline}
        case Relaxed(temperature, densities):
            return {"relaxed": [temperature, densities]}
    return choice.name  # type: ignore[attr-defined]


def _choice(given: object) -> object:
    match given:
        case {"score": baseline}:
            return Score(baseline)
        case {"relaxed": [temperature, densities]}:
            return Relaxed(temperature, densities)
    return given
