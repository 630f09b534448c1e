r"""Densities that others are compared with, and that nothing trains: ``\pi_{ref}`` and ``\pi_{old}`` beside
``\pi_\theta``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.signature import Signature
from formula2dgm.reading.target_groups import is_target_group
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.mentioned import mentioned

#: Labels of a density that is held constant beside a trained one of its letter.
FROZEN_LABELS = frozenset(("ref", "old", "target", "bar"))


def is_frozen(context: Context, signature: Signature) -> bool:
    """``pi_ref`` beside ``pi_theta``: a reference, whose parameters are constants."""
    letter, *labels = signature.head.split("_")
    if not signature.group and FROZEN_LABELS.isdisjoint(labels):
        return False
    others = [each for each in _known(context) if each.group != signature.group]
    groups = {group for each in others for group in each.group}
    targets = [each for each in signature.group if is_target_group(each, groups) or each.endswith("_bar")]
    if not targets and FROZEN_LABELS.isdisjoint(labels):
        return False
    trained = [each for each in others if each.head == letter]
    if trained:
        written = "_".join((signature.head, *signature.group))
        context.assume(f"{written} is frozen: a reference beside {trained[0].label}")
    return bool(trained)


def _known(context: Context) -> Iterator[Signature]:
    """The densities with parameters: bound or declared, and those that the text reads, which may have a default."""
    yield from (each.signature for each in context.densities.all if each.signature.group)
    yield from mentioned(context.model).grouped
