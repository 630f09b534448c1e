"""The methods behind a tighter bound: the importance weight at one draw, and the logarithm of the mean of several."""

from __future__ import annotations

from formula2dgm.codegen.ancestral import joined
from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.forward import described
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.parts import parts_of, uses_in
from formula2dgm.codegen.python import WIDTH, Body, quoted
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import UnknownShape
from formula2dgm.codegen.statements import prepared_for
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.evidence import Evidence
from formula2dgm.ir.program import Program, Term

#: How many draws the bound has by default, and how many copies of the examples are computed at once.
DRAWS, AT_ONCE = 64, 8


def write_evidence(
    program: Program, arguments: dict[str, str], owned: dict[str, str], used: dict[str, None]
) -> list[Body]:
    """``log_weight`` and ``log_marginal``; none where nothing says the shape of a latent."""
    found = program.evidence
    if found is None:
        return []
    data = {name: arguments[name] for name in found.inputs}
    try:
        weight, library = _log_weight(program, found, data, owned)
    except UnknownShape:
        return []
    used |= library
    return [weight, _log_marginal(found, data, used)]


def _log_weight(
    program: Program, found: Evidence, data: dict[str, str], owned: dict[str, str]
) -> tuple[Body, dict[str, None]]:
    """The method, and the library functions that it calls."""
    scope = Scope(program, Names({*data.values()}), data | owned, library={})
    head = Body(4)
    keywords = ["noise: Mapping[str, Tensor] | None = None", "**unused: object"]
    write_signature(head, "log_weight", [f"{each}: Tensor" for each in data.values()], keywords, "Tensor")
    at = f"at one draw from {' '.join(found.draws)} for each example"
    head.add(_docstring(f"log {found.ratio},", at))
    scope.body.write("noise = {} if noise is None else noise")
    term = Term(found.name, program.arena.make(ir.Const, 1), found.log)
    preparation = prepared_for(scope, [found.log], "number", (term,))
    scope.uses = uses_in([found.log])
    preparation.prepare(found.log)
    for part in parts_of(scope, found.log):
        target = scope.names.fresh(notation(program, part), "log_density", "_each")
        scope.body.comment(described(scope, part), scope.span(part))
        preparation.compute(part, target)
    scope.body.gap()
    value = f"return {expression(scope, found.log).text}"
    if len(value) + 8 <= WIDTH:
        scope.body.write(value)
    else:
        preparation.compute(found.log, "log_ratio")
        scope.body.write("return log_ratio")
    return joined(head, scope.body), scope.library


def _log_marginal(found: Evidence, data: dict[str, str], used: dict[str, None]) -> Body:
    used["log_mean_weight"] = None
    body = Body(4)
    keywords = [f"draws: int = {DRAWS}", f"at_once: int = {AT_ONCE}", "**unused: object"]
    write_signature(body, "log_marginal", [f"{each}: Tensor" for each in data.values()], keywords, "Tensor")
    body.add(
        _docstring(f"On average at most {found.name}, and nearer to it with more draws:", "log 1/K sum_k of weights")
    )
    given = ", ".join(f"{quoted(each)}: {each}" for each in data.values())
    body.write(f"    return log_mean_weight(self.log_weight, {{{given}}}, draws, at_once)")
    return body


def _docstring(text: str, rest: str) -> list[str]:
    """On one line, or on two where it is too long."""
    mark = "r" if "\\" in text + rest else ""
    line = f'        {mark}"""{text} {rest}."""'
    return [line] if len(line) <= WIDTH else [f'        {mark}"""{text}', f'        {rest}."""']
