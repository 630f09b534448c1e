"""Is an objective to be maximised or minimised?

In this order: an option; a written ``\\min`` or ``\\max``; the relation (``log p(x) >= ...`` is a bound to push
up); the polarity of its terms; its name; else an error that shows both ways to write it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from formula2dgm.completion.densities.named_functionals import INFORMATION
from formula2dgm.reading.judgements import judges_of
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.linear_terms import linear_terms, sampled_terms
from formula2dgm.reading.names import read_name
from formula2dgm.reading.polarity import Known, Sampler, Samplers, polarity, samplers_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.weighted import weighs_by_ratio
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.transformed import refines_draw
from formula2dgm.resolve.flows.chained import is_transformed
from formula2dgm.resolve.processes.noise_processes import processes
from formula2dgm.resolve.statements.model import Wanted
from formula2dgm.syntax import tree

MAXIMISING = frozenset(("max", "argmax", "sup"))


def decide(
    context: Context, wanted: Wanted, body: tree.Node, operator: str | None, players: tuple[str, ...] = ()
) -> bool:
    """True to maximise. ``operator`` is the one written for these players, if any."""
    wishes = polarity(body, known_names(context), _samplers(context))
    written = _written(context, wanted, operator)
    if written is not None:
        _warn_against(context, body, written, players)
        return written
    if len(wishes) == 1:
        return 1 in wishes
    if not wishes and len(players) == 1 and len(own := _judgements(context, body, players[0])) == 1:
        context.assume(f"{players[0]} {'raises' if 1 in own else 'lowers'} this: what is judged says so", wanted.span)
        return 1 in own
    if not wishes and len(players) != 1 and (judge := _judge(context, wanted, body)) is not None:
        return judge
    weighted = weighs_by_ratio(body, known_names(context))
    if wanted.name and _is_loss_name(wanted.name) and not weighted:
        _refuse_lowered_likelihood(context, wanted, body)
        context.assume(f"{wanted.name} is minimised: it is named as a loss", wanted.span)
        _warn_against(context, body, False, players)
        _warn_of_rewards(context, body)
        return False
    if wishes and not weighted:
        raise context.refuse(
            "F2D-0502",
            "the terms of this objective pull in opposite directions",
            wanted.span,
            "write \\max or \\min in front, or pass maximize=True or maximize=False",
        )
    raise context.refuse(
        "F2D-0501",
        "nothing says whether this is to be maximised or minimised"
        + (": what a ratio of densities weighs may be a gain or a cost" if weighted else ""),
        wanted.span,
        "write \\max or \\min in front, or pass maximize=True or maximize=False",
    )


def _judgements(context: Context, body: tree.Node, player: str) -> frozenset[int]:
    """What a player wants of ``\\log D(x)`` and ``\\log(1 - D(G(z)))``."""
    return polarity(body, replace(known_names(context), player=player), _samplers(context))


def _judge(context: Context, wanted: Wanted, body: tree.Node) -> bool | None:
    """True where the only network that judges raises the objective, and nothing that is judged is learned by it."""
    judges = judges_of(body)
    if len(judges) != 1:
        return None
    ((judge, calls),) = judges.items()
    own = _judgements(context, body, judge)
    if len(own) != 1:
        return None
    game = len(context.model.objectives) > 1
    if game and judge not in re.findall(r"[^\W_]+", wanted.name or "")[1:]:
        return None
    made = [each for call in calls for argument in call.args for each in argument.all(tree.Call)]
    if made and not game:
        raise context.refuse(
            "F2D-0516",
            f"{judge} judges what {made[0].head} makes, and nothing says which of them wants this",
            wanted.span,
            f"write \\min_{{{made[0].head}}} \\max_{{{judge}}} in front, or the loss of each: "
            f"\\mathcal{{L}}_{judge}, \\mathcal{{L}}_{made[0].head}",
        )
    context.assume(f"{judge} {'raises' if 1 in own else 'lowers'} this: who judges is to be right", wanted.span)
    return 1 in own


def _refuse_lowered_likelihood(context: Context, wanted: Wanted, body: tree.Node) -> None:
    """Refuse a loss with the log-likelihood of data as a reward: by its name it would be minimised.

    It is one beside errors in the same sum, and beside minus the log of a density of latents, the entropy of a bound,
    where another density than the sampler is scored.
    """
    known, samplers = known_names(context), _samplers(context)
    parts = list(sampled_terms(known, body, 1, samplers))
    bound = any(sign < 0 and _is_scored(context, each, False) for each, sign, _ in parts)
    while isinstance(body, tree.Expect | tree.Labelled):
        samplers = samplers | samplers_of(body.binders, known) if isinstance(body, tree.Expect) else samplers
        body = body.body
    terms = (
        [each.body if isinstance(each, tree.Labelled) else each for each in body.terms]
        if isinstance(body, tree.Add)
        else []
    )
    lowered = any(_wish(context, each, samplers) == -1 for each in terms)
    for each, sign, around in parts:
        reward = sign > 0 and _is_scored(context, each, True) and _wish(context, each, around) == 1
        if reward and (bound or (lowered and each in terms)):
            raise context.refuse(
                "F2D-0502",
                f"{wanted.name} is named as a loss, and holds {each} with a plus sign beside what is to be small",
                each.span,
                f"write -{each}, or \\max in front; or \\min, to lower the likelihood all the same",
            )


def _warn_of_rewards(context: Context, body: tree.Node) -> None:
    """The log-likelihood of data with a plus sign in a loss that is minimised by its name."""
    for each, sign, samplers in sampled_terms(known_names(context), body, 1, _samplers(context)):
        if sign > 0 and _is_scored(context, each, True) and _wish(context, each, samplers) == 1:
            message = f"{each} enters a minimised objective with a plus sign"
            context.found.warning("F2D-0503", message, each.span, "check the sign, or the direction")


def _is_scored(context: Context, node: tree.Node, data: bool) -> bool:
    """Is it the log of a density of data, or of latents alone?"""
    inside = node.operand if isinstance(node, tree.Prefix) and node.name == "log" else None
    inside = node.args[0] if isinstance(node, tree.Func) and node.name == "log" else inside
    if not isinstance(inside, tree.Call) or not is_density_call(inside):
        return False
    names = {read_name(arg, context.model.indices).id for arg in inside.args if isinstance(arg, tree.Symbol)}
    return bool(names - context.latent) if data else bool(names) and names <= context.latent


def _wish(context: Context, node: tree.Node, samplers: Samplers) -> int:
    """The one direction in which a term wants to go, else 0."""
    found = polarity(node, known_names(context), samplers)
    return next(iter(found)) if len(found) == 1 else 0


def _written(context: Context, wanted: Wanted, operator: str | None) -> bool | None:
    """What an option, an operator or the relation says."""
    if context.options.maximize is not None:
        return context.options.maximize
    return operator in MAXIMISING if operator else _by_relation(wanted)


def _is_loss_name(name: str) -> bool:
    """``\\mathcal{L}``, ``L_{VAE}``, ``loss``; not the name of a bound, which is to be raised."""
    lower = name.lower()
    if "elbo" in lower or "bound" in lower:
        return False
    return "loss" in lower or name.split("_")[0].split("(")[0] in ("calL", "L")


def _by_relation(wanted: Wanted) -> bool | None:
    """``log p(x) >= L`` and ``I(x; y) >= L`` are maximised, ``-log p(x) <= L`` and ``I(x; y) <= L`` minimised."""
    for left, relation in zip(wanted.members, wanted.relations, strict=False):
        negative = isinstance(left, tree.Neg)
        body = left.body if isinstance(left, tree.Neg) else left
        logarithm = isinstance(body, tree.Prefix | tree.Func) and body.name == "log"
        information = isinstance(body, tree.Call) and spelling(body.head) in INFORMATION
        if (logarithm or information) and relation in (">=", "<=", ">", "<"):
            if relation.startswith(">") and not negative:
                return True
            if relation.startswith("<") and (negative or information):
                return False
    return None


def _warn_against(context: Context, body: tree.Node, maximise: bool, players: tuple[str, ...]) -> None:
    """A divergence or a gradient penalty with the wrong sign, or an objective of which every term wants to go the
    other way."""
    contrary = -1 if maximise else 1
    verb, sign = ("maximised", "plus") if maximise else ("minimised", "minus")
    found = [
        each
        for each, sign in linear_terms(known_names(context), body, 1)
        if -sign == contrary and (_is_divergence(each) or _is_penalty(each, players))
    ]
    for each in found:
        named = each.span.text if isinstance(each, tree.Divergence) and each.name == "MMD" else str(each)
        context.found.warning(
            "F2D-0503",
            f"{named} enters a {verb} objective with a {sign} sign",
            each.span,
            "check the sign, or the direction",
        )
    terms = body.terms if isinstance(body, tree.Add) else (body,)
    if not found and all(polarity(each, known_names(context), _samplers(context)) == {contrary} for each in terms):
        context.found.warning(
            "F2D-0503",
            f"every term of this {verb} objective pulls the other way",
            body.span,
            "check the signs, or the direction",
        )


def _is_divergence(node: tree.Node) -> bool:
    return isinstance(node, tree.Divergence) and node.name != "MI"


def _is_penalty(node: tree.Node, players: tuple[str, ...]) -> bool:
    """``(\\|\\nabla D(x)\\| - 1)^2``, of a network that one of these players trains."""
    match node:
        case tree.Power(tree.Add((tree.Norm(body=tree.Prefix("grad") as slope), tree.Neg())), tree.Number("2")):
            heads = [each.head for each in slope.all(tree.Call)]
            names = {str(part) for each in heads for part in each.walk()}
            return not players or not names.isdisjoint(players)
    return False


def _samplers(context: Context) -> frozenset[Sampler]:
    """What statements draw from, and the densities of what a flow makes of a draw: they stand for its sampler."""
    drawn = samplers_of([each.density for each in context.model.drawn.values()], known_names(context))
    return drawn | frozenset(
        Sampler(each.signature.head, each.signature.group, each.signature.ids[0], bool(each.signature.given))
        for each in context.densities.all
        if is_transformed(each) and refines_draw(context, each)
    )


def known_names(context: Context) -> Known:
    model = context.model
    bodies = {name: definition.body for name, definition in model.definitions.items()}
    return Known(model.indices, model.parameters, bodies, noised=processes(context))
