r"""Parameters that a word says are held constant beside others of their letter: ``\theta_{old}``, ``\theta^*``."""

from __future__ import annotations

from collections.abc import Collection

#: Words for parameters that others follow, are compared with, or have come to.
TARGET_LABELS = frozenset("old Old OLD ref target tgt ema EMA teacher frozen star".split())
#: Words for the parameters that are trained beside them; the plain letter says the same.
CURRENT_LABELS = frozenset("online new student current".split())


def is_target_group(group: str | None, groups: Collection[str | None]) -> bool:
    """Is the group, by its word, held constant beside one of ``groups`` that is trained?

    >>> is_target_group("theta_old", {"theta"}), is_target_group("theta_target", {"theta_source"})
    (True, False)
    """
    if group is None:
        return False
    letter, *labels = group.split("_")
    current = {letter, *(f"{letter}_{each}" for each in CURRENT_LABELS)}
    return not TARGET_LABELS.isdisjoint(labels) and not current.isdisjoint(groups)
