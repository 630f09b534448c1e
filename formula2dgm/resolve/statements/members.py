"""Which members of a chain can be its objective.

Not a name that the text does not define (``... = \\mathcal{L}_k(x)``), nor the evidence that the others bound or
rewrite (``... \\ge \\log p(x)``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.data.sources import is_data_source
from formula2dgm.resolve.objective.learned import learns_nothing
from formula2dgm.resolve.objective.terms import Draft, terms_of
from formula2dgm.resolve.sequences.carried import with_recurrences
from formula2dgm.resolve.sequences.recurrent_draws import draw_of_divergence
from formula2dgm.resolve.statements.model import Wanted
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree


def last_computable(context: Context, wanted: Wanted, scope: Scope) -> tuple[tree.Node, list[Draft]]:
    """The last member of a chain that can be computed, with its terms."""
    if "->" in wanted.relations:
        raise context.refuse(
            "F2D-0517",
            "an arrow says what becomes of its left side: which of both is wanted?",
            wanted.span,
            "write the one that is wanted, or = between them; f \\rightarrow \\max says a direction",
        )
    if all(names_objective(each) and is_open_name(context, each) for each in wanted.members):
        raise nothing_to_train(context, wanted)
    failures: list[Diagnostics] = []
    for member in candidates(context, wanted):
        if failures and (_is_evidence(context, member) or _is_apart(wanted, member)):
            break  # what it is said to be has an error, which stands; so has what the operators stand before
        kept = context.found
        context.found = Diagnostics()
        before, known, assumed = context.collected(), list(context.densities.all), dict(context.assumptions)
        try:
            drafts = _terms(context, member, scope)
            if not context.found.errors and not (failures and learns_nothing(context)):
                kept.extend(context.found.found)
                context.found = kept
                if failures:
                    context.assume(f"{member} is compiled: the last member that can be computed", member.span)
                return member, drafts
        except Refused:
            pass
        failures.append(context.found)
        context.found = kept
        context.restore(before)
        context.densities.all.reset(known)  # a default of a member that is given up is a factor of no joint
        context.assumptions = assumed
    context.found.extend(failures[0].found)
    raise Refused("no member can be computed")


def _is_bounded(wanted: Wanted, member: tree.Node) -> bool:
    """``E_{q(w)} \\log p(w) \\ge ...``: the log of a marginal under any expectation, where another member is a bound of
    it from below; with a minus before it, from above."""
    place = next(i for i, each in enumerate(wanted.members) if each is member)
    above, below = (">=", "<=")
    while isinstance(member, tree.Neg | tree.Labelled | tree.Expect):
        above, below = (below, above) if isinstance(member, tree.Neg) else (above, below)
        member = member.body
    match member:
        case (
            tree.Prefix(name="log", operand=tree.Call(given=given) as inside)
            | tree.Func(name="log", args=(tree.Call(given=given) as inside,))
        ) if not given and is_density_call(inside):
            return above in wanted.relations[place:] or below in wanted.relations[:place]
    return False


def _is_apart(wanted: Wanted, member: tree.Node) -> bool:
    return any(wanted.members[place] is member for place in wanted.apart)


def _terms(context: Context, member: tree.Node, scope: Scope) -> list[Draft]:
    """The terms of a member, with all that its steps carry."""
    evaluate = Evaluator(context)
    found = with_recurrences(
        context,
        member,
        scope,
        evaluate,
        lambda: terms_of(evaluate, member, scope),
        lambda draft: draft.node,
        lambda variable, inner: draw_of_divergence(context, member, variable, inner, evaluate),
    )
    return [replace(draft, node=node) for draft, node in found]


def nothing_to_train(context: Context, wanted: Wanted) -> Exception:
    return context.refuse(
        "F2D-0211",
        "this holds no data, draw or network: there is nothing to train",
        wanted.span,
        "write what is to be maximised or minimised, such as E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
    )


def candidates(context: Context, wanted: Wanted) -> tuple[tree.Node, ...]:
    """The members to try, the last first; all of them where none is left."""
    found = [each for each in wanted.members if not is_open_name(context, each)]
    if any(_uses_latents(context, each) for each in found):
        found = [each for each in found if not _is_evidence(context, each)]
    found = [each for each in found if not _is_bounded(wanted, each)] or found
    found = [each for each in found if not _holds_gap(context, each, found)] or found
    return tuple(reversed(found or wanted.members))


def is_open_name(context: Context, node: tree.Node) -> bool:
    """A name that nothing defines, or a loss that is applied to something: it ends a chain, and has no value."""
    if isinstance(node, tree.Neg | tree.Labelled):
        return is_open_name(context, node.body)
    if isinstance(node, tree.Symbol):
        name = read_name(node, context.model.indices, head=True)
        return name.full not in context.model.definitions and context.named.find(name) is None
    return isinstance(node, tree.Call) and names_objective(node)


def _is_evidence(context: Context, node: tree.Node) -> bool:
    """``log p(x)``, under a minus, an average over the data or a sum over the examples."""
    match node:
        case tree.Neg(body=body) | tree.Labelled(body=body) | tree.Big(op="sum", body=body):
            return _is_evidence(context, body)
        case tree.Expect(binders=binders, body=body):
            drawn = (each.density if isinstance(each, tree.Draws) else each for each in binders)
            return all(is_data_source(context, each) for each in drawn) and _is_evidence(context, body)
        case tree.Prefix(name="log", operand=inside) | tree.Func(name="log", args=(inside,)):
            return is_density_call(inside) and not _uses_latents(context, inside)
    return False


def _holds_gap(context: Context, node: tree.Node, members: Sequence[tree.Node]) -> bool:
    """``log p(x) - KL[q(z|x) || p(z|x)]`` beside a member with p(x, z) or p(x|z): the evidence and the posterior of
    that model, which no one knows."""
    terms = node.terms if isinstance(node, tree.Add) else ()
    evidence = [each for term in terms if _is_evidence(context, term) for each in term.walk() if is_density_call(each)]
    own = [each for each in node.all(tree.Call) if each.given and is_density_call(each)]
    others = [each for member in members if member is not node for each in member.all(tree.Call)]
    for each in evidence:
        assert isinstance(each, tree.Call)
        posterior = any(call.head == each.head and set(each.args) <= set(call.given or ()) for call in own)
        model = any(
            call.head == each.head and set(each.args) <= set(call.args) and bool(call.given or call.args != each.args)
            for call in others
        )
        if posterior and model:
            return True
    return False


def _uses_latents(context: Context, node: tree.Node) -> bool:
    return any(
        isinstance(each, tree.Symbol) and read_name(each, context.model.indices).id in context.latent
        for each in node.walk()
    )
