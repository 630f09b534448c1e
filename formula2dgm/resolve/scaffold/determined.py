r"""Densities that others determine, of which no default is made: ``q(z|x)`` beside ``q(y, z|x) = q(z|x, y) q(y|x)``.

Of a conditional joint, its marginal ``q(z|x)`` and the conditional ``q(z|x, y)`` cannot both be learned: where a text
has both, one of them follows from the factors of the joint, and the text has to say which these are.
"""

from __future__ import annotations

from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.mentioned import Mentioned
from formula2dgm.syntax import tree


def refuse_determined(context: Context, wanted: Signature, written: Mentioned) -> None:
    """Refuse a default for a density that a conditional joint of the text determines."""
    variables, given = wanted.ids
    same = [each for each in written.of(wanted.head) if each.group == wanted.group]
    found = {each.ids for each in same}
    declared = {each.signature.ids: each for each in context.model.densities if each.kind == "factors"}
    for joint in [each for each in same if len(each.ids[0]) > 1 and each.ids[1] and variables < each.ids[0]]:
        over, under = joint.ids
        rest = over - variables
        marginal, conditional = (variables, under), (variables, under | rest)
        if (variables, given) not in (marginal, conditional):
            continue
        if joint.ids in declared:
            factors = _factors(context, declared[joint.ids].body)
            if (variables, given) in factors or not {marginal, conditional} & factors:
                continue
        elif not {marginal, conditional} <= found or {(rest, under), (rest, under | variables)} & found:
            continue
        raise _refused(context, wanted, joint, rest)


def _factors(context: Context, body: tree.Node) -> set[tuple[frozenset[str], frozenset[str]]]:
    calls = body.factors if isinstance(body, tree.Mul) else (body,)
    found = [each for each in calls if isinstance(each, tree.Call) and is_density_call(each)]
    return {read_signature(each, context.model.indices, context.model.parameters).ids for each in found}


def _refused(context: Context, wanted: Signature, joint: Signature, rest: frozenset[str]) -> Exception:
    head = wanted.label.split("(")[0]
    own, under, other = (", ".join(sorted(each)) for each in (wanted.ids[0], joint.ids[1], rest))
    whole = joint.label
    conditional, marginal = f"{head}({own}|{under}, {other})", f"{head}({own}|{under})"
    return context.refuse(
        "F2D-0586",
        f"{whole} determines {marginal} by {conditional}, or {conditional} by {marginal}: both cannot be learned",
        wanted.place,
        f"write {whole} = {conditional} {head}({other}|{under}) and "
        f"{marginal} = \\sum_{{{other}}} {head}({other}|{under}) {conditional}\n"
        f"or {whole} = {marginal} {head}({other}|{own}, {under}), and bind {conditional}",
    )
