"""A module with a LightningModule behind it, for those who train with the package lightning."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from formula2dgm.codegen.batches import coupled_term
from formula2dgm.codegen.derivatives_inside import has_gradient
from formula2dgm.codegen.joining import Parts, imports, needed
from formula2dgm.codegen.module import Generated
from formula2dgm.codegen.names import argument
from formula2dgm.codegen.python import WIDTH, quoted
from formula2dgm.codegen.tools_beside import template
from formula2dgm.ir.program import Objective, Program


def lightning(program: Program, generated: Generated) -> str:
    """The text of the module and of ``class Lit(L.LightningModule)``, which imports lightning."""
    several = len(program.objectives) > 1
    bound = program.evidence is not None and "def log_marginal(" in generated.source
    facts: dict[str, object] = {
        "players": [quoted(each.player) for each in program.objectives if each.player] if several else [],
        "names": [quoted(argument(each.name)) for each in program.inputs],
        "trains": _trains(program.objectives[0], program),
        "after": (["project"] if any(each.ranges for each in program.objectives) else [])
        + (["update_targets"] if program.targets else []),
        "coupled": coupled_term(program) is not None,
        "gradients": has_gradient(program),
        "tighter": quoted(f"validation/{program.evidence.name}") if program.evidence and bound else None,
    }
    facts["says"] = _says(facts)
    module, part = Parts(generated.source), Parts(template("lightning").render(facts))
    raw = "r" if "\\" in module.docstring else ""
    said = module.docstring.replace("Needs torch alone.", "Needs torch and lightning.")
    docstring = f'{raw}"""{said}\n\n{part.docstring}\n"""\n'
    names = imports(needed(module.imports | part.imports, module.body, part.body))
    gap = "\n" if module.body.startswith("#") else "\n\n"
    return f"{docstring}\n{names}{gap}{module.body}\n\n\n{part.body}\n"


def _says(facts: Mapping[str, object]) -> str:
    """The docstring of the class, on lines that fit."""
    text = f"The objective as Lightning trains it{', its players in turn' if facts['players'] else ''}."
    text += " A batch is a dict of DATA, or has them in that order." if facts["names"] else ""
    text += " Every term is logged by its name; noise is torch's."
    text += (
        " Examples of a batch meet: each of several processes trains on its own batches." if facts["coupled"] else ""
    )
    text += " The objective takes a gradient inside: L.Trainer(inference_mode=False)." if facts["gradients"] else ""
    return "\n    ".join(textwrap.wrap(text, WIDTH - 10))


def _trains(objective: Objective, program: Program) -> str:
    """The parameters that the only player's optimiser updates."""
    if objective.trains is None:
        return "self.objective.parameters()"
    tensors = {each.name for each in program.parameters}
    owned = [f"self.objective.{n}" if n in tensors else f"*self.objective.{n}.parameters()" for n in objective.trains]
    return f"[{', '.join(owned)}]"
