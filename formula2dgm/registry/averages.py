"""What a user binds to parameters that follow others: ``{r"\\bar\\theta": f2d.EMA("theta", 0.999)}``."""

from __future__ import annotations

from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class EMA:
    """Exponential moving averages of parameters, as targets: ``\\bar\\theta <- d \\bar\\theta + (1 - d) \\theta``.

    of      the parameters, or the network, that are followed, as the formula names them: ``"theta"``, ``"f"``
    decay   d, at least 0 and less than 1

    Bound to the name that the formula gives the averages: ``{r"\\bar\\theta": f2d.EMA("theta", 0.999)}``.  What is
    written with that name, ``f_{\\bar\\theta}(x)``, is a copy of ``f_\\theta`` that nothing trains.
    ``objective.update_targets()`` moves it, after each step; ``f2d.fit`` and scripts call it.

    >>> EMA("theta", 0.99)
    EMA(of='theta', decay=0.99)
    """

    of: str
    decay: float = 0.999
