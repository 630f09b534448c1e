"""Golden files: each ``cases/NAME.txt`` (or ``.tex``) holds a formula; beside it stand what the stages make of it.

    python tests/golden/update.py      # rewrites them all; read the difference like code

``NAME.canonical`` the canonical ASCII and LaTeX, ``NAME.program`` the resolved program with its assumptions,
``NAME.py`` the written module; of a few cases ``NAME.script``, what a script has behind its module.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
sys.path.insert(0, str(CASES.parents[2]))

from formula2dgm import driver  # noqa: E402
from formula2dgm.codegen import generate  # noqa: E402
from formula2dgm.codegen.script import script  # noqa: E402
from formula2dgm.ir.text import program_text  # noqa: E402
from formula2dgm.options import make_options  # noqa: E402
from formula2dgm.passes import run_passes  # noqa: E402
from formula2dgm.registry.estimators import Score  # noqa: E402
from formula2dgm.resolve import resolve  # noqa: E402

#: The options of those cases that have some.
OPTIONS: dict[str, dict[str, Any]] = {
    "discrete_latent_by_score": {"estimators": {"z": Score(baseline="leave-one-out")}, "samples": 8},
    "discrete_latent_by_baseline": {"estimators": {"z": Score(baseline="batch")}},
    "discrete_latent_straight_through": {"estimators": {"z": "straight-through"}},
}

#: Where the training part of a script begins.
BEGINS = "# %% Configuration"
#: The cases with a script: of one objective, of players.
SCRIPTS = ("summed_labels", "clipped_critic")


def formulas() -> list[Path]:
    """All inputs, in order."""
    return sorted(path for path in CASES.iterdir() if path.suffix in (".txt", ".tex"))


def stages(path: Path) -> dict[str, str]:
    """What each stage makes of a formula, by the suffix of its golden file."""
    statements = driver.read(path).raise_errors().statements
    program = resolve(statements, options=make_options(scaffold=True, **OPTIONS.get(path.stem, {})))
    canonical = "\n".join([*map(str, statements), "", *(each.latex() for each in statements)])
    assumed = "\n".join(f"assumed: {each.text}" for each in program.assumptions)
    optimised = run_passes(program, debug=True)
    generated = generate(optimised)
    made = {
        ".canonical": canonical + "\n",
        ".program": f"{program_text(program)}\n\n{assumed}\n",
        ".py": generated.source,
    }
    if path.stem in SCRIPTS:
        made[".script"] = BEGINS + script(optimised, generated).split(BEGINS)[1]
    return made


if __name__ == "__main__":
    for each in formulas():
        for suffix, text in stages(each).items():
            each.with_suffix(suffix).write_text(text, encoding="utf-8")
        print(each.stem)
