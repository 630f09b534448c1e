"""How the gradient of an expectation can be estimated, and which families allow it."""

from __future__ import annotations

from dataclasses import dataclass

from formula2dgm.registry.family import Family


@dataclass(frozen=True, slots=True)
class Estimator:
    """One estimator.

    name       as the option ``estimators={"y": name}`` gives it
    meaning    one sentence, for messages
    pathwise   the family's draws must be differentiable functions of noise and parameters
    finite     the family's values must be enumerable
    available  generated code can use it; otherwise it is known by name and refused
    """

    name: str
    meaning: str
    pathwise: bool = False
    finite: bool = False
    available: bool = False

    def allows(self, family: Family) -> bool:
        """Whether draws of this family can be estimated so.

        >>> from formula2dgm.registry import family
        >>> estimator("enumerate").allows(family("Normal"))
        False
        """
        return (family.pathwise or not self.pathwise) and (family.finite or not self.finite)


ESTIMATORS: tuple[Estimator, ...] = (
    Estimator("pathwise", "the gradient flows through the draw", pathwise=True, available=True),
    Estimator("enumerate", "the sum over all values, weighted by their probabilities", finite=True, available=True),
    Estimator("score", "the body times the gradient of the draw's log-probability, added to the body's own gradient"),
    Estimator("relaxed", "a continuous relaxation of the draw", finite=True),
    Estimator("straight-through", "a discrete draw forward, its probabilities backward", finite=True),
)


def estimator(name: str) -> Estimator | None:
    """The estimator of this name, or None.

    >>> estimator("pathwise").available
    True
    """
    return next((each for each in ESTIMATORS if each.name == name), None)


def choices(family: Family) -> tuple[Estimator, ...]:
    """The estimators that work for draws of a family and that generated code can use.

    >>> from formula2dgm.registry import family
    >>> [each.name for each in choices(family("Bernoulli"))]
    ['enumerate']
    """
    return tuple(each for each in ESTIMATORS if each.available and each.allows(family))
