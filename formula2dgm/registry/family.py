"""What the compiler knows of a family of distributions: names and facts, no code and no torch.

The mathematics stand in :mod:`formula2dgm.library` as small functions, named here; generated modules carry
their source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Literal

from formula2dgm.ir.program import Support
from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One family of distributions.

    name          the torch.distributions class name: ``Normal``
    spellings     how formulas name it: ``N``, ``Normal``, ``Gaussian``
    parameters    the canonical parameters, in the order every library function takes them: ``("loc", "scale")``
    alternatives  for a canonical parameter, the other names a binding or a network's dict may use for it, each with
                  the library function that converts: ``{"scale": {"log_var": "scale_from_log_var"}}``
    bare          the parameter that one bare tensor means (``logits``), or None
    arguments     what the arguments of ``Family(x; a, b)`` in a formula are, in order: ``("loc", "var")``
    support       where its values live
    finite        its values can be enumerated
    pathwise      a draw is a differentiable function of noise and parameters
    noise         ``standard``: a site's noise is the standard member (location 0, scale 1); ``value``: the value
                  itself, which ``sample`` gives back with its derivatives where draws are pathwise
    log_prob      library function ``(value, *parameters) -> elementwise log-density`` (class dimensions reduced)
    log_prob_sum  library function ``(value, *parameters, lead) -> the same summed over all dimensions after the first
                  lead``, where that is cheaper than a sum of ``log_prob``, else None
    log_prob_mean  library function ``(value, *parameters)``: the same with its mean over the first dimension, or None
    standard      the parameters of its standard member, ``(0, 1)``, or None: that member's noise is its draw
    standard_log_prob_sum  library function ``(value, lead)``: ``log_prob_sum`` of the standard member, or None
    standard_log_ratio_sum  library function ``(value, noise, *parameters, lead)``: ``log_prob_sum`` of the standard
                  member less that of the law that the value was drawn from, at its noise, or None
    drawn_log_prob  library function ``(noise, *parameters) -> log_prob`` at the draw that was made of this noise, where
                  that is cheaper than ``log_prob`` of the draw, else None
    sample        library function ``(noise, *parameters) -> value``; None where noise is the value, without derivatives
    draw_noise    library function ``(shape, like) -> noise`` (standard), or ``(shape, *parameters) -> value`` (value)
    draw_by_numbers  library function ``(shape, *parameters, like) -> value``: ``draw_noise`` of a family whose noise is
                  the value, where all parameters are numbers; else None
    entropy       library function ``(*parameters) -> elementwise entropy``; None where there is no closed form
    mean          library function ``(*parameters) -> mean``, or None
    variance      library function ``(*parameters) -> variance``, or None
    read          library function ``(network output) -> parameters``: a dict by name, a tuple in order, a bare tensor.
                  It returns a tuple in order, or the bare parameter where the family has one
    enumerate     library function ``(*parameters, lead) -> [number of values, event...]`` for a finite family, else
                  None; ``lead`` is how many dimensions of the parameters come before the event
    enumerated_log_prob  library function ``(*parameters, lead) -> [number of values, lead...]``: the log-densities of
                  all values that ``enumerate`` returns, each summed over its event, or None
    value_rank    trailing dimensions of a value that are one draw, and that ``log_prob`` therefore reduces: 0 for a
                  Normal, 1 for a Dirichlet or a one-hot category
    ranks         trailing dimensions of a parameter that belong to one draw, where there are any:
                  ``{"loc": 1, "scale_tril": 2}``
    options       choices beside parameters: ``("one_hot",)``
    settings      numbers beside parameters, with their defaults, which every function takes by keyword after its own
                  arguments (but ``read`` and ``check``): ``(("bins", 256),)``
    variants      for an option that is set, the entries of this record that it replaces: see :meth:`under`
    check         library functions that refuse impossible parameters in the first batch: ``(("scale",
                  "check_positive"),)``, each called as ``(what the user calls it, parameter)``
    check_value   library function ``(name, value)`` that refuses values outside the support in the first batch; a
                  family with ``classes`` adds their number: ``(name, value, classes)``
    classes       the parameter whose last dimension counts the classes that a value is one of
    """

    name: str
    spellings: tuple[str, ...]
    parameters: tuple[str, ...]
    alternatives: dict[str, dict[str, str]]
    bare: str | None
    arguments: tuple[str, ...]
    support: Support
    finite: bool
    pathwise: bool
    noise: Literal["standard", "value"]
    log_prob: str
    sample: str | None
    draw_noise: str
    entropy: str | None
    mean: str | None
    variance: str | None
    read: str
    enumerate: str | None = None
    log_prob_sum: str | None = None
    log_prob_mean: str | None = None
    standard: tuple[float, ...] | None = None
    standard_log_prob_sum: str | None = None
    standard_log_ratio_sum: str | None = None
    drawn_log_prob: str | None = None
    draw_by_numbers: str | None = None
    enumerated_log_prob: str | None = None
    value_rank: int = 0
    ranks: dict[str, int] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    settings: tuple[tuple[str, float | int], ...] = ()
    variants: tuple[tuple[str, tuple[tuple[str, str | int], ...]], ...] = ()
    check: tuple[tuple[str, str], ...] = ()
    check_value: str | None = None
    classes: str | None = None

    @property
    def elementwise(self) -> bool:
        """Is every number of a value a draw of its own, with parameters of its own?

        >>> from formula2dgm.registry import family
        >>> family("Normal").elementwise, family("Dirichlet").elementwise
        (True, False)
        """
        return not self.value_rank and not any(self.ranks.values())

    def rank(self, parameter: str) -> int:
        """How many trailing dimensions of a parameter belong to one draw.

        >>> from formula2dgm.registry import family
        >>> family("MultivariateNormal").rank("scale_tril")
        2
        """
        return self.ranks.get(parameter, 0)

    def under(self, options: Iterable[tuple[str, object]]) -> Family:
        """The family as these options make it (a law's ``options``).

        >>> from formula2dgm.registry import family
        >>> family("Categorical").under([("one_hot", True)]).log_prob
        'categorical_log_prob_one_hot'
        """
        chosen = {name for name, value in options if value}
        changes = {entry: new for option, entries in self.variants if option in chosen for entry, new in entries}
        return replace(self, **changes) if changes else self  # type: ignore[arg-type]
