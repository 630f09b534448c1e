"""The objective in memory: a generated module that knows its formula."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from formula2dgm.ir.program import Input
from formula2dgm.records import dataclass
from formula2dgm.report.contract import contract
from formula2dgm.report.drawing import Drawing
from formula2dgm.report.explanation import Explanation
from formula2dgm.report.graphs import to_networkx
from formula2dgm.report.notebook import objective_html
from formula2dgm.runtime import examples
from formula2dgm.runtime.arguments import Arguments, given_noise, refuse
from formula2dgm.runtime.compiled import needing_gradients, takes_gradients, traced_gradients
from formula2dgm.runtime.errors import refusal_of
from formula2dgm.runtime.example_ranges import Ranges
from formula2dgm.runtime.handover import HandedOver
from formula2dgm.runtime.marginals import log_marginal
from formula2dgm.runtime.origin import Origin
from formula2dgm.runtime.rollouts import NewSteps
from formula2dgm.runtime.undone import undone
from formula2dgm.runtime.written import Written

if TYPE_CHECKING:
    import networkx

    from formula2dgm.runtime.distribution import Distribution


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A place of randomness: its name, family, axes from the outside in, event shape (None: the data's to say), and how
    the gradient of what is learned before the draw is estimated (``detached``: nothing is learned there)."""

    name: str
    family: str | None
    axes: tuple[str, ...]
    shape: tuple[int, ...] | None
    estimator: str


class Objective(Written, HandedOver, nn.Module):
    """The base of every objective in memory; its children are generated.

    Call it with the formula's data by keyword, or with one mapping whose keys are formulas::

        out = objective(x=batch)
        out = objective({r"\\hat x": batch}, beta=0.5)
        out.loss.backward()

    What the formula does not use is ignored.  Missing data, an impossible first batch and the like raise
    ``FormulaError`` with the place in the formula; any other error on the way says which term was computed.
    """

    check_values: bool | set[str] = False
    #: What it was compiled with, for another formula of the same networks: ``f2d.compile(..., weights_of=objective)``.
    origin: Origin | None = None

    def __call__(self, *batch: Any, **data: Any) -> Any:
        if torch.compiler.is_compiling():
            if batch and isinstance(batch[0], Mapping):
                return super().__call__(**batch[0], **data)
            return super().__call__(*batch, **data)
        arguments = Arguments(self._facts.program, self._facts.generated.arguments)
        prepared = arguments.prepare(batch, data, self)
        # The checks of the first batch cannot be compiled, so `objective.compile()` leaves that batch uncompiled.
        waiting = self.check_values if isinstance(self.check_values, bool) else prepared["player"] in self.check_values
        unchecked = waiting and self._compiled_call_impl is not None
        call = self._call_impl if unchecked else super().__call__
        inside = self._compiled_call_impl is not None and not unchecked and takes_gradients(self._facts.program)
        try:
            if inside:
                with traced_gradients():
                    result = call(**needing_gradients(prepared))
            else:
                result = call(**prepared)
        except Exception as error:
            again = partial(self._call_impl, **{key: value for key, value in prepared.items() if key != "noise"})
            refusal = refusal_of(error, self._facts, prepared.get("noise"), lambda noise: again(noise=noise))
            if refusal is not None:
                raise refusal from error
            raise
        if result.loss.is_complex():
            says = "the loss is no real number: a fraction of a power is of a negative number"
            raise refuse("F2D-0660", says, "its numbers say which: objective.explain() lists them")
        return result

    # -- the formula -----------------------------------------------------------------------------------

    @property
    def contract(self) -> dict[str, Any]:
        """The description that every view renders (``f2d.describe``): terms, sharing, lines, assumptions, graph."""
        return contract(self._facts.program, self._facts.generated)

    def explain(self) -> Explanation:
        """How each term is computed, what is shared, what was assumed: a text, in a notebook a page.

        ``objective.explain().save("elbo.html")`` writes the page.
        """
        return Explanation(self.contract, self._facts.generated.source)

    @property
    def graph(self) -> networkx.MultiDiGraph:
        """The factor graph: variables with their ``kind``, an edge for each density from what it is given."""
        return to_networkx(self.contract["graph"])

    @property
    def picture(self) -> Drawing:
        """The factor graph drawn: a notebook shows it, ``objective.picture.save("graph.png")`` writes it."""
        return Drawing(self.contract["graph"], self.ascii)

    def _repr_html_(self) -> str:
        return objective_html(self.contract)

    # -- the model -------------------------------------------------------------------------------------

    def as_distribution(self) -> Distribution:
        """The model that the formula's own densities are, ``p(x|z) p(z)``, as a distribution with these weights."""
        from formula2dgm.runtime.loader import model_of_objective

        return model_of_objective(self, self._facts)

    def log_prob(self, *mapping: Mapping[str, Any], **values: Any) -> Tensor:
        """The log-density of the model's joint: one number for each example."""
        return self.as_distribution().log_prob(*mapping, **values)

    def log_marginal(self, *batch: Any, draws: int = 64, at_once: int = 8, **data: Any) -> Tensor:
        """The importance-weighted bound on the data's log-density, one number for each example, without gradients:
        ``log 1/K sum_k p(x, z_k) / q(z_k|x)`` at K = ``draws`` draws, whatever weights the formula gives its terms.

        It is on average at most ``log p(x)``, and nearer to it with more draws; ``at_once`` are computed together.
        """
        return log_marginal(self, batch, data, draws, at_once)

    def sample(
        self,
        n: int | None = None,
        *mapping: Mapping[str, Any],
        T: int | None = None,
        start: Mapping[str, Tensor] | None = None,
        noise: Mapping[str, Tensor] | None = None,
        mean: bool = False,
        **given: Any,
    ) -> dict[str, Tensor]:
        """Draw n examples from the model (one where n is left out), parents first.

        ``mean``: what nothing else depends on is its mean.
        With given values, as :meth:`formula2dgm.Distribution.sample`: n draws for each example of the other variables.
        Of a model that undoes noise, one for each row of its conditions, in ``steps`` steps; ``eta`` is 1 for ancestral
        draws, 0 for none on the way; ``order``, ``corrections``, ``snr`` and ``guidance`` say how it goes.
        Of sequences, T new steps: given data are a prefix, and the steps go on behind it; ``start`` is what
        ``objective.filter(...)`` finds of a prefix.
        """
        if self._facts.program.rollout is not None or T is not None or start is not None:
            wrong = next((each for each in mapping if not isinstance(each, Mapping)), None)
            if wrong is not None:
                raise refuse("F2D-0708", f"{wrong!r} is no mapping of values", f"name the number of steps: T={wrong!r}")
            named = {key: value for each in mapping for key, value in each.items()} | given
            return NewSteps(self).drawn(n, T, start, named, noise, mean)
        if self._facts.program.denoiser is not None:
            named = {key: value for each in mapping for key, value in each.items()} | given
            return undone(self, n, named | ({"mean": mean} if mean else {}), noise)
        drawn = getattr(self, "_sample_model", None)
        if self._facts.program.reversal is not None:
            for key in (*given, *(["mean"] if mean else []), *(each for every in mapping for each in every)):
                raise refuse("F2D-0495", f"the sampler takes no {key}", "it draws every step of the chain: sample(n)")
            return self._drawn(drawn, n, noise, {})
        if drawn is not None and not mapping and not given:
            return self._drawn(drawn, n, noise, {"mean": mean})
        if mean:
            raise refuse("F2D-0708", "mean=True takes no given values", "ask .as_distribution().mean(z=...)")
        return self.as_distribution().sample(n, *mapping, noise=noise, **given)

    def _drawn(
        self, draw: Any, n: int | None, noise: Mapping[str, Tensor] | None, options: dict[str, Any]
    ) -> dict[str, Tensor]:
        if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 1):
            raise refuse("F2D-0708", f"n={n!r} is not a whole number above 0")
        given = given_noise(self._facts.program, noise)
        count = 1 if n is None else n
        try:
            made: dict[str, Tensor] = draw(count, noise=given, **options)
        except Exception as error:
            refusal = refusal_of(error, self._facts, given, lambda other: draw(count, noise=other, **options))
            if refusal is not None:
                raise refusal from error
            raise
        return made

    # -- data and randomness ---------------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The data the formula needs, with shapes and supports."""
        return self._facts.program.inputs

    @property
    def sites(self) -> tuple[SiteFacts, ...]:
        """The places of randomness: the keys of ``noise=``."""
        return tuple(
            SiteFacts(
                each.name,
                each.law.family if each.law else None,
                tuple(axis.name for axis in each.axes),
                examples.site_shape(each),
                each.estimator,
            )
            for each in self._facts.program.sites
        )

    def example_batch(self, n: int | Mapping[str, int] = 4) -> dict[str, Tensor]:
        """Random data that fit the formula: ``objective(**objective.example_batch(8))``.

        ``n`` examples for all, or for each stream by one of its variables: ``{"x_l": 4, "x_u": 32}``.
        """
        if isinstance(n, int) and "batch_size" in inspect.signature(self.forward).parameters:
            return {"batch_size": n}  # type: ignore[dict-item]
        return examples.batch(self._facts.program, self._facts.generated.arguments, n, self._like())

    def example_noise(self, n: int | Mapping[str, int] = 4, /, **data: Any) -> dict[str, Tensor]:
        """Random noise for every site, of the shapes that a batch of ``n`` (or the given data) calls for."""
        given = self.example_batch(n) if not data else data
        chosen = {"player": self.players[0]} if len(self.players) > 1 else {}
        given = Arguments(self._facts.program, self._facts.generated.arguments).prepare((), given | chosen, self)
        given.pop("player", None)
        ranges = Ranges(self._facts.program, given, self._facts.generated.arguments)
        functions = vars(sys.modules[type(self).__module__])
        shapes = examples.RecordingNoise(self._facts.program, self._like(), functions, ranges)
        training = self.training
        self.eval()
        checked, self.check_values = self.check_values, type(self.check_values)()
        try:
            for player in self.players if len(self.players) > 1 else (None,):
                chosen = {} if player is None else {"player": player}
                with torch.no_grad() if not examples.has_gradient(self._facts.program) else torch.enable_grad():
                    super().__call__(**given, **chosen, noise=shapes)
        except Exception as error:
            if (refusal := refusal_of(error, self._facts)) is not None:
                raise refusal from error
            raise
        finally:
            self.train(training)
            self.check_values = checked
        return shapes.given

    def _like(self) -> Tensor:
        return next((each for each in self.parameters() if each.is_floating_point()), torch.empty(()))

    # -- players ---------------------------------------------------------------------------------------

    @property
    def players(self) -> tuple[str, ...]:
        """The players that the formula names; ``()`` where it names none."""
        return tuple(each.player for each in self._facts.program.objectives if each.player is not None)

    # -- copies ----------------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        from formula2dgm.runtime.loader import restore

        state = {name: value for name, value in self.__dict__.items() if name not in ("_facts", "_compiled_call_impl")}
        return restore, (self.source, self._facts), state
