"""How the gradient of an expectation can be estimated, and which families allow it."""

from __future__ import annotations

import math
from typing import Literal

from formula2dgm.records import dataclass
from formula2dgm.registry.batch_estimators import BATCH_ESTIMATORS
from formula2dgm.registry.family import Family

#: Continuous families whose draws stand in for those of a discrete one, at a temperature.
RELAXATIONS = {"Bernoulli": "RelaxedBernoulli", "Categorical": "RelaxedOneHotCategorical"}

#: Families whose values move with their parameters, or that have no density: the score misses part of the gradient.
WITHOUT_SCORE = frozenset(("Delta", "DiscreteUniform", "SphericalUniform", "Uniform"))

#: The temperature of a relaxation where none is given.
TEMPERATURE = 0.5

EstimatorName = Literal["pathwise", "enumerate", "score", "relaxed", "straight-through"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An estimator that somebody chose, without further settings: of a gradient, or over a batch."""

    name: str


@dataclass(frozen=True, slots=True)
class Score:
    """The score-function estimator: ``estimators={"z": f2d.Score(baseline="leave-one-out")}``.

    baseline  what is subtracted from the cost in front of the score, which leaves the gradient's mean as it is:
              ``"leave-one-out"``, the mean cost of the variable's other draws (two or more are wanted); ``"batch"``,
              the mean cost of the other examples; a number; or a formula of what the variable does not touch, such as
              ``"b(x)"`` with a network bound to b. None: nothing

    >>> Score(baseline="leave-one-out").name
    'score'
    """

    baseline: str | float | None = None

    @property
    def name(self) -> EstimatorName:
        return "score"


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A draw from the variable's relaxation in its place: ``estimators={"z": f2d.Relaxed(temperature=0.5)}``.

    temperature  a number, or a formula: the name of a hyperparameter, to be annealed, ``"tau"``
    densities    what a log-density of the variable means at the relaxed value: ``"relaxed"``, the density of the
                 relaxed distribution at this temperature; ``"mass"``, the mass function extended linearly. None: such
                 a log-density is refused
    """

    temperature: float | str = TEMPERATURE
    densities: Literal["relaxed", "mass"] | None = None

    @property
    def name(self) -> EstimatorName:
        return "relaxed"


Chosen = Choice | Score | Relaxed


@dataclass(frozen=True, slots=True)
class Estimator:
    """One estimator.

    name      as the option ``estimators={"y": name}`` gives it
    meaning   half a sentence, for messages
    pathwise  the family's draws must be differentiable functions of noise and parameters
    finite    the family's values must be enumerable
    relaxes   the family must have a relaxation
    scores    the log-probability of a fixed value must be differentiable in the parameters
    """

    name: EstimatorName
    meaning: str
    pathwise: bool = False
    finite: bool = False
    relaxes: bool = False
    scores: bool = False

    def allows(self, family: Family) -> bool:
        """Whether draws of this family can be estimated so.

        >>> from formula2dgm.registry import family
        >>> estimator("enumerate").allows(family("Normal"))
        False
        """
        if (self.relaxes and family.name not in RELAXATIONS) or (self.scores and family.name in WITHOUT_SCORE):
            return False
        return (family.pathwise or not self.pathwise) and (family.finite or not self.finite)


ESTIMATORS: tuple[Estimator, ...] = (
    Estimator("pathwise", "the gradient flows through the draw", pathwise=True),
    Estimator("enumerate", "the sum over all values, weighted by their probabilities", finite=True),
    Estimator(
        "score",
        "the body times the gradient of the draw's log-probability, added to the body's own gradient",
        scores=True,
    ),
    Estimator("relaxed", "a draw from a continuous relaxation, at a temperature", relaxes=True),
    Estimator("straight-through", "a discrete draw forward, the gradient of its mean backward", relaxes=True),
)

NAMES: tuple[EstimatorName, ...] = tuple(each.name for each in ESTIMATORS)


def estimator(name: str) -> Estimator | None:
    """The estimator of this name, or None.

    >>> estimator("pathwise").pathwise
    True
    """
    return next((each for each in ESTIMATORS if each.name == name), None)


def meaning_of(choice: Chosen) -> str:
    """What a chosen estimator does, in half a sentence."""
    known = estimator(choice.name)
    return known.meaning if known is not None else "an estimator over a batch"


def choices(family: Family) -> tuple[Estimator, ...]:
    """The estimators that work for draws of a family.

    >>> from formula2dgm.registry import family
    >>> [each.name for each in choices(family("Poisson"))]
    ['score']
    >>> [each.name for each in choices(family("Bernoulli"))]
    ['enumerate', 'score', 'relaxed', 'straight-through']
    """
    return tuple(each for each in ESTIMATORS if each.allows(family))


def chosen(value: object) -> Chosen | None:
    """What a user gave for a variable, as a choice; None if it is none.

    >>> chosen("score"), chosen("guess")
    (Score(baseline=None), None)
    """
    if isinstance(value, Choice | Score | Relaxed):
        return value
    plain: dict[object, Chosen] = {"score": Score(), "relaxed": Relaxed()}
    for name in (*NAMES, *BATCH_ESTIMATORS):
        plain.setdefault(name, Choice(name))
    return plain.get(value) if isinstance(value, str) else None


def problems_of(choice: Chosen) -> list[str]:
    """What is wrong with the settings of a choice.

    >>> problems_of(Relaxed(temperature=0.0))
    ['temperature=0.0 is not above 0']
    """
    match choice:
        case Relaxed(temperature, densities):
            found = []
            if not isinstance(temperature, str | int | float) or isinstance(temperature, bool):
                found.append(f"temperature={temperature!r} is neither a number nor a formula")
            elif not isinstance(temperature, str) and not 0 < temperature < math.inf:
                found.append(f"temperature={temperature!r} is not above 0")
            if densities not in (None, "relaxed", "mass"):
                found.append(f"densities={densities!r} is none of 'relaxed', 'mass', None")
            return found
        case Score(baseline):
            number = isinstance(baseline, int | float) and not isinstance(baseline, bool) and math.isfinite(baseline)
            if not (baseline is None or number or isinstance(baseline, str)):
                return [f"baseline={baseline!r} is neither 'leave-one-out', 'batch', a number nor a formula"]
    return []
