r"""``\log p(x) - KL[q(z|x) \| p(z|x)]``: the evidence and the posterior of one model, whose joint nothing uses.

Both follow from p(x, z), and no one knows them, as a rule; two defaults that know nothing of each other are none of it.
"""

from __future__ import annotations

from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.approximations import is_evaluated
from formula2dgm.resolve.densities.mentioned import Mentioned


def refuse_evidence(context: Context, wanted: Signature, written: Mentioned) -> None:
    """An error where p(z|x) is ``wanted`` beside a p(x) that the text scores and nothing gives, and it fits a q(z|x);
    ``written`` are the densities of the text. A step of a sequence, p(z_t|x, z_{t-1}), is no such posterior."""
    if not wanted.ids[0] <= context.latent or any(each.index for each in (*wanted.variables, *wanted.given) if each):
        return
    data = wanted.ids[1] - context.latent
    for evidence in written.of(wanted.head) if data else written.of_expressions(wanted.head):
        if not _are_of_one_model(context, evidence, wanted) or _is_bound(context, evidence):
            continue
        letter, z = _letter(wanted), wanted.ids[0]
        fitted = any(_letter(each) in {*POSTERIOR_LETTERS} - {letter} and each.ids[0] == z for each in written.over(z))
        decoders = [each for each in written.all if _letter(each) == letter and z & each.ids[1]]
        of_others = decoders and not any(evidence.ids[0] & each.ids[0] for each in decoders)
        if not fitted or of_others or not is_evaluated(context, evidence):
            continue
        names = [", ".join(map(str, one.slots[: len(one.variables)])) for one in (evidence, wanted)]
        raise context.refuse(
            "F2D-0526",
            f"{evidence.label} and {wanted.label} are the evidence and the posterior of one model, which no one knows",
            wanted.slots[0].span,
            f"write the bound that they are equal to: E[\\log p({names[0]}, {names[1]}) - \\log q({names[1]}|...)]",
        )


def _is_bound(context: Context, evidence: Signature) -> bool:
    bound = (each.signature for each in context.densities.all if each.binding)
    return any((each.head, each.ids) == (evidence.head, evidence.ids) for each in bound)


def _are_of_one_model(context: Context, evidence: Signature, posterior: Signature) -> bool:
    """Is the one over data, and the other over latents given these?"""
    (x, given), (z, conditions) = evidence.ids, posterior.ids
    groups = {evidence.group, posterior.group} - {()}
    alike = evidence.head == posterior.head and len(groups) < 2
    return alike and z <= context.latent - conditions and x | given <= conditions - context.latent


def _letter(signature: Signature) -> str:
    return signature.head.split("_")[0]
