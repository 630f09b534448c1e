"""The objective's forward: networks and draws, the first batch's checks, one statement for each term, the sum."""

from __future__ import annotations

from formula2dgm.codegen.checks import write_checks
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.log_ratios import log_ratio
from formula2dgm.codegen.names import identifier
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.part_names import part_name, term_names
from formula2dgm.codegen.parts import parts_of, uses_in
from formula2dgm.codegen.python import Code, assignment, call, method, negative, product, quoted, total
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import PIECES, is_estimated, piece_of
from formula2dgm.codegen.shapes import partners
from formula2dgm.codegen.statements import Preparation
from formula2dgm.codegen.uses import demands, roots
from formula2dgm.codegen.weighed_terms import added_first, factors_of, weighed, weighed_sum, weighed_together
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective, Term
from formula2dgm.ir.text import to_text

_REDUCED = {
    "mean": "mean over {axis}",
    "sum": "summed over {axis}",
    "logsumexp": "logsumexp over {axis}",
    "logmeanexp": "log-mean-exp over {axis}",
    "prod": "product over {axis}",
}


def write_forward(scope: Scope, objective: Objective) -> None:
    """Write the body of one player's objective."""
    terms = objective.terms
    scope.demands = demands(roots(terms))
    scope.partners = partners(roots(terms))
    scope.uses = uses_in(roots(terms))
    targets = [scope.names.fresh(*term_names(term.name, number)) for number, term in enumerate(terms, 1)]
    scope.targets = frozenset(targets)
    preparation = Preparation(scope, terms)
    preparation.expect(roots(terms), functions=True)
    for term in terms:
        preparation.prepare(term.node)
    write_checks(scope, terms, objective.player)
    named = dict(zip(terms, targets, strict=True))
    groups = weighed_together(scope, terms)
    together = {id(term) for group in groups if len(group) > 1 for term in group}
    for term, target in named.items():
        (_write_weighed if id(term) in together else _write_term)(scope, preparation, term, target)
    _write_output(scope, preparation, objective, groups, named)


def _write_term(scope: Scope, preparation: Preparation, term: Term, target: str) -> None:
    """The statements of one term; the last one is named after it."""
    reductions, body = _peel(term.node)
    span = term.span or scope.span(term.node)
    _write_parts(scope, preparation, term, target)
    scope.body.comment(_term_comment(term, body, reductions), span)
    start = len(scope.body.lines)
    if is_python_number(term.node):
        preparation.assign(None, target, call("torch.as_tensor", expression(scope, term.node)))
    else:
        bound = scope.bound.get(term.node)
        preparation.compute(term.node, target)
        if bound is not None:
            scope.bound[term.node] = bound
    scope.body.lines[start:] = [(line, span) for line, _ in scope.body.lines[start:]]


def _write_parts(scope: Scope, preparation: Preparation, term: Term, target: str) -> None:
    """The parts of a term that get a variable."""
    _, body = _peel(term.node)
    span = term.span or scope.span(term.node)
    for node in parts_of(scope, body):
        wanted, otherwise = _part_names(scope, node, target, body)
        part = scope.names.fresh(wanted, otherwise, "_each" if identifier(wanted) in scope.targets else "")
        scope.body.comment(described(scope, node), scope.span(node) or span)
        preparation.compute(node, part, "value" if "value" in scope.demands.get(node, ()) else "number")


def _write_weighed(scope: Scope, preparation: Preparation, term: Term, target: str) -> None:
    """The parts of a term that is weighed together with others, and what its weight multiplies."""
    _write_parts(scope, preparation, term, target)
    node = weighed(term)
    if node not in scope.bound and not is_python_number(node):
        scope.body.comment(described(scope, node), scope.span(node) or term.span)
        preparation.compute(node, scope.names.fresh(part_name(scope.program, node, target), f"{target}_part"))


def _part_names(scope: Scope, node: ir.Node, target: str, body: ir.Node) -> tuple[str, str]:
    """What the variable of a term's part is called, and what else where that is too long."""
    own = PIECES.get(piece.function) if (piece := piece_of(node)) is not None else None
    if own is not None:
        return f"{target}_{own.suffix}", f"{target}_{own.suffix}"
    if log_ratio(scope, node) is not None:
        return "log_ratio", f"{target}_log_ratio"
    if isinstance(body, ir.Add) and node is body.args[0] and is_estimated(body):
        return f"{target}_each", f"{target}_each"
    return part_name(scope.program, node, target) + entry_mark(scope, node), f"{target}_part"


def _peel(node: ir.Node) -> tuple[list[ir.Reduce], ir.Node]:
    """The reductions around a term, outermost first, and what they reduce."""
    reductions: list[ir.Reduce] = []
    while isinstance(node, ir.Reduce | ir.Carrying):
        if isinstance(node, ir.Reduce):
            reductions.append(node)
        node = node.body
    return reductions, node


def described(scope: Scope, node: ir.Node) -> str:
    axes = _axes_phrase(node.axes)
    if (piece := piece_of(node)) is not None and piece.function in PIECES:
        return PIECES[piece.function].comment.format(others=piece.others)
    said = scope.program.arena.title(node) or notation(scope.program, node)
    return said + entry_mark(scope, node) + _place(scope, node) + (f", for each {axes}" if len(node.axes) > 1 else "")


def entry_mark(scope: Scope, node: ir.Node) -> str:
    """What tells the entries of a log-density from their sum, where the formula needs both."""
    if isinstance(node, ir.LogProb) and node.elementwise:
        whole = scope.program.arena.make(ir.LogProb, node.law, node.value, False)
        return " by entry" if scope.uses[whole] else ""
    return ""


def _place(scope: Scope, node: ir.Node) -> str:
    """At which of several draws of one variable a density is."""
    if isinstance(node, ir.LogProb) and isinstance(node.value, ir.Draw) and node.value in scope.bound:
        at, variables = scope.bound[node.value].text, {each.name: each.variable for each in scope.program.sites}
        if at != identifier(variables.get(node.value.site, at)):
            return f", at {at}"
    return ""


def _term_comment(term: Term, body: ir.Node, reductions: list[ir.Reduce]) -> str:
    """``KL[q(z|x) || p(z)] in closed form, mean over the batch``."""
    parts = [term.name]
    text = to_text(body)
    if text != term.name and not term.name.startswith(text) and len(text) <= 80:
        parts[0] += f" = {to_text(term.node)}" if not reductions else ""
    if isinstance(body, ir.Divergence | ir.Entropy):
        parts[0] += " in closed form"
    if isinstance(body, ir.ChainSum):
        parts[0] += f", over all paths of {body.current.name} by the forward algorithm"
    parts += [_REDUCED[each.op].format(axis=_axis_phrase(each.axis)) for each in reversed(reductions)]
    return ", ".join(parts)


def _axis_phrase(axis: Axis) -> str:
    if axis.kind == "batch":
        return "the batch" if axis.name == "batch" else f"the batch of {axis.name}"
    if axis.kind == "sample":
        return f"the {axis.size} draws" if axis.size is not None else "the draws"
    if axis.kind == "enumeration":
        return f"all {axis.name}"
    return axis.name


def _axes_phrase(axes: tuple[Axis, ...]) -> str:
    """``draw and example``; two axes of one kind by their indices, ``m, k and example``."""
    kinds = [axis.kind for axis in axes]
    said = [axis.name if kinds.count(axis.kind) > 1 else _axis_name(axis) for axis in axes]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _axis_name(axis: Axis) -> str:
    return {"batch": "example", "sample": "draw", "enumeration": f"value of {axis.name}"}.get(axis.kind, axis.name)


# -- the sum -------------------------------------------------------------------------------------------


def _write_output(
    scope: Scope,
    preparation: Preparation,
    objective: Objective,
    groups: list[tuple[Term, ...]],
    named: dict[Term, str],
) -> None:
    """The loss and the value, then what is reported of the terms: numbers that autograd does not follow."""
    body = scope.body
    turned = objective.maximize and any(factors_of(scope, term.coefficient)[0] for term in named)
    target = "loss" if turned else "value"
    signed = []
    for group in groups:
        if len(group) == 1:
            minus, code = _signed(scope, group[0], Code(named[group[0]]))
            signed.append((minus != turned, code))
        else:
            signed.append(_write_group(scope, preparation, group, turned, target if len(groups) == 1 else "weighed"))
    body.gap()
    if signed != [(False, Code(target))]:
        found = total(added_first(signed))
        lines = assignment(target, found, body.indent) or [f"{' ' * body.indent}{target} = {found.text}"]
        body.add(lines, objective.span)
    together = [term for group in groups if len(group) > 1 for term in group]
    _write_reported(scope, preparation, [(term, named[term]) for term in together])
    body.gap()
    bare = {term: Code(code) if term in together else method(Code(code), "detach") for term, code in named.items()}
    _write_dict(scope, "terms", [(term.name, code.text) for term, code in bare.items()])
    contributions = [(term.name, _contribution(scope, term, named[term], code).text) for term, code in bare.items()]
    _write_dict(scope, "contributions", contributions)
    body.gap()
    loss, value = ("loss", "-loss") if turned else ("-value" if objective.maximize else "value", "value")
    body.write("return Output(")
    body.write(f"    loss={loss},{'  # the formula is maximised' if objective.maximize else ''}", objective.span)
    body.write(f"    value={value},")
    body.write("    terms=terms,")
    body.write("    contributions=contributions,")
    body.write(")")


def _write_group(
    scope: Scope, preparation: Preparation, group: tuple[Term, ...], turned: bool, wanted: str
) -> tuple[bool, Code]:
    """The sum of terms that have one weight, in a variable; and is it subtracted?"""
    minus, node = weighed_sum(scope, group, turned)
    reductions, body = _peel(node)
    assert isinstance(body, ir.Mul)
    sums = [_REDUCED[each.op].format(axis=_axis_phrase(each.axis)) for each in reversed(reductions)]
    said = ", ".join([f"all that {notation(scope.program, body.args[0])} weighs", *sums])
    scope.body.comment(said, group[0].span)
    target = scope.names.fresh("weighed") if minus or wanted == "weighed" else wanted
    preparation.compute(node, target, stem="weighed")
    return minus, Code(target)


def _write_reported(scope: Scope, preparation: Preparation, named: list[tuple[Term, str]]) -> None:
    """The terms that were weighed together, one by one."""
    if not named:
        return
    scope.body.comment("each term of it, to be reported", None)
    scope.body.write("with torch.no_grad():")
    scope.body.indent += 4
    for term, target in named:
        start = len(scope.body.lines)
        _write_term(scope, preparation, term, target)
        if scope.body.lines[start][0] == "" and term is named[0][0]:
            del scope.body.lines[start]
    scope.body.indent -= 4
    scope.body.gap()


def _write_dict(scope: Scope, target: str, items: list[tuple[str, str]]) -> None:
    entries = [f"{quoted(name)}: {value}" for name, value in items]
    margin = " " * scope.body.indent
    scope.body.write(f"{target} = {{")
    scope.body.add([f"{margin}    {entry}," for entry in entries])
    scope.body.write("}")


def _signed(scope: Scope, term: Term, code: Code) -> tuple[bool, Code]:
    """Is the term subtracted, and what is added or subtracted?"""
    minus, factors = factors_of(scope, term.coefficient)
    return minus, product([*(expression(scope, each) for each in factors), code])


def _contribution(scope: Scope, term: Term, name: str, bare: Code) -> Code:
    """What a term contributes to the value, detached."""
    number = isinstance(term.coefficient, ir.Const)
    minus, value = _signed(scope, term, bare if number else Code(name))
    value = negative(value) if minus else value
    return value if number else method(value, "detach")
