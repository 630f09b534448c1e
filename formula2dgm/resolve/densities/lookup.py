"""Looking a written density up, with the errors a reader needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.cases import at_its_value
from formula2dgm.resolve.densities.dependence import refuse_own_step
from formula2dgm.resolve.densities.derived import derived
from formula2dgm.resolve.densities.factorisation import ancestral_order
from formula2dgm.resolve.densities.finding import Ambiguous, Density, Use
from formula2dgm.resolve.densities.other_values import at_other_values
from formula2dgm.resolve.densities.transformed import transformed
from formula2dgm.resolve.objective.references import is_reference
from formula2dgm.resolve.processes.noise_processes import use_in_process
from formula2dgm.resolve.scaffold.factors import scaffold_factors
from formula2dgm.resolve.scaffold.mixed_first import scaffold_mixed
from formula2dgm.resolve.sequences.lags import refuse_other_lags
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.resolve.values.called import as_defined
from formula2dgm.resolve.values.frozen_groups import plain_call
from formula2dgm.syntax import tree


def find_use(context: Context, call: tree.Call) -> Use:
    """The single density that a call names; a joint or an unknown density is an error here."""
    uses = find_uses(context, call)
    if len(uses) != 1:
        raise context.refuse(
            "F2D-0304",
            f"{call} is a joint; one conditional density is wanted here",
            call.span,
            f"write its factors: {' '.join(use.density.signature.label for use in uses)}",
        )
    return uses[0]


def find_uses(context: Context, call: tree.Call) -> list[Use]:
    """The factors that a density call stands for, parents first: one conditional, or a joint's factors."""
    plain = plain_call(context, call)
    found = _found_uses(context, call if plain is None else plain)
    frozen = plain is not None or is_reference(context, call)
    uses = [replace(use, call=call, frozen=use.frozen or frozen) for use in found]
    for use in uses:
        refuse_own_step(context, use)
    return uses


def _found_uses(context: Context, call: tree.Call) -> list[Use]:
    if (defined := as_defined(context, call)) is not None:
        own, values = defined
        context.assume(f"{call} is {own} at the values of a call, with the same weights", call.span)
        return [replace(_substitute(use, values), renamed=True) for use in _looked_up(context, own)]
    return _looked_up(context, call)


def _looked_up(context: Context, call: tree.Call) -> list[Use]:
    if not isinstance(call.head, tree.Symbol):
        raise context.refuse("F2D-0312", f"{call} is no density", call.span, "write its power outside: (p(z|x))^2")
    signature = read_signature(call, context.model.indices, context.model.parameters)
    known: set[tree.Node] = set()
    for each in call.args:
        if each in known:
            raise context.refuse("F2D-0315", f"{each} stands twice among the variables of {call}", each.span)
        known.add(each)
    try:
        transformed(context, signature, call)
        use = use_in_process(context, signature, call)
        if use is None and (use := context.densities.find(signature)) is not None:
            refuse_other_lags(context, use, signature, call)
        if use is not None:
            use = at_its_value(context, use, call)
            context.claim_group(use.density.label, use.density.signature.group, signature.group, call)
            if use.renamed:
                context.assume(f"{call} is {use.density.label} at another variable", call.span)
            declared = use.density.declared
            if declared is not None and declared.kind == "factors":
                return _declared_factors(context, declared, use)
            return [use]
        factors = context.densities.factorise(signature)
        others = None if factors is not None else at_other_values(context, signature, call)
    except Ambiguous as several:
        raise context.refuse(
            "F2D-0305",
            f"{call} could be any of {', '.join(several.labels)}",
            call.span,
            "write the label or the parameter group that tells them apart",
        ) from None
    if factors is not None:
        _note_factors(context, call, signature, factors)
        return [at_its_value(context, each, call) for each in factors]
    if others is not None:
        return others
    if derived(context, signature, call) is not None:
        return _looked_up(context, call)
    if context.options.scaffold:
        made = scaffold_mixed(context, signature) or scaffold_factors(context, signature)
        if made is not None:
            context.densities.all += made
            return _looked_up(context, call)
    raise _unknown(context, call, signature)


def _note_factors(context: Context, call: tree.Call, wanted: Signature, factors: list[Use]) -> None:
    """A joint's group is that of its factors without one; factors of another label or group are an assumption."""
    for each in factors:
        if wanted.group and not each.density.signature.group:
            context.groups.setdefault(each.density.label, wanted.group)
    heads = {(each.density.signature.head, each.density.signature.group or wanted.group) for each in factors}
    if len(heads) > 1:
        labels = " ".join(each.density.label for each in reversed(factors))
        context.assume(f"{call} is the product {labels}", call.span)


def _declared_factors(context: Context, declared: Declared, joint: Use) -> list[Use]:
    """``p(x, z) = p(x|z) p(z)``, used at other values of x and z."""
    body = declared.body
    factors = body.factors if isinstance(body, tree.Mul) else (body,)
    calls = [each for each in factors if isinstance(each, tree.Call) and _is_density(context, each)]
    if len(calls) != len(factors):
        raise context.refuse(
            "F2D-0306",
            f"{declared.signature.label} is declared as something else than a product of densities",
            declared.span,
            "write conditionals side by side: p(x, z) = p(x|z) p(z)",
        )
    with context.unfolding(declared.signature.label, declared.span):
        uses = [find_use(context, each) for each in calls]
    names = Counter(each.id for use in uses for each in use.density.signature.variables if each)
    for name in sorted(names):
        if names[name] > 1:
            raise context.refuse(
                "F2D-0307",
                f"{name} is drawn by two factors of {declared.signature.label}",
                declared.span,
                "each variable of a joint belongs to one factor",
            )
    order = ancestral_order([use.density for use in uses]) if len(uses) > 1 else [use.density for use in uses]
    if order is None:
        raise context.refuse(
            "F2D-0308",
            f"the factors of {declared.signature.label} form a cycle",
            declared.span,
            "each factor may depend only on variables drawn before it",
        )
    own = declared.signature
    renamed = dict(zip(own.slots, (*joint.variables, *joint.given), strict=True))
    by_density = {id(use.density): use for use in uses}
    return [_substitute(by_density[id(each)], renamed) for each in order]


def _is_density(context: Context, call: tree.Call) -> bool:
    return is_density_call(call) or bool(context.densities.all.by("head", str(call.head)))


def _substitute(use: Use, renamed: dict[tree.Node, tree.Node]) -> Use:
    return Use(
        use.density,
        tuple(renamed.get(each, each) for each in use.variables),
        tuple(renamed.get(each, each) for each in use.given),
    )


def _unknown(context: Context, call: tree.Call, signature: Signature) -> Exception:
    near = context.densities.all.by("head", signature.head)
    cyclic = _cycle_among(near, signature)
    if cyclic:
        return context.refuse(
            "F2D-0308",
            f"{call} cannot be a product of {', '.join(cyclic)}: they form a cycle",
            call.span,
            "each factor may depend only on variables drawn before it",
        )
    wrong = [each.label for each in near]
    message = f"no density {signature.label} is bound, nor a product that gives it"
    if wrong:
        message = f"{signature.label} is not bound, and follows from no product of the densities of {signature.head}"
    return context.refuse("F2D-0302", message, call.span, context.densities.near_names(signature))


def _cycle_among(near: list[Density], signature: Signature) -> list[str]:
    variables, given = signature.ids
    inside = [
        each for each in near if each.signature.ids[0] <= variables and each.signature.ids[1] <= variables | given
    ]
    covered = [name for each in inside for name in each.signature.ids[0]]
    if len(inside) > 1 and sorted(covered) == sorted(variables) and ancestral_order(inside) is None:
        return [each.label for each in inside]
    return []
