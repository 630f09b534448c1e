"""A distribution in memory: a generated module that knows its formula, and the distributions made of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir.joints import Joint, Query
from formula2dgm.ir.program import Input, Program
from formula2dgm.passes import run_passes
from formula2dgm.report.distributions import distribution_graph, distribution_text
from formula2dgm.report.drawing import Drawing
from formula2dgm.report.graphs import to_networkx
from formula2dgm.resolve.distributions.renaming import renamed
from formula2dgm.resolve.distributions.variants import conditioned, factor_alone, marginalised
from formula2dgm.runtime.arguments import Arguments, canonical, refuse
from formula2dgm.runtime.errors import refusal_of
from formula2dgm.runtime.leading import Leads, common_lead, flattened, unflattened
from formula2dgm.runtime.written import Written

if TYPE_CHECKING:
    import networkx


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """All submodules in evaluation, each back in its own mode afterwards."""
    modes = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for each, mode in modes:
            each.training = mode


class Distribution(Written, nn.Module):
    """The base of every distribution in memory; the class below it is generated.

    Values are given by keyword, or in one mapping whose keys are formulas: ``d.log_prob({r"\\hat x": x}, z=z)``.  A
    value of a variable that the distribution draws conditions on it, where that needs no inference:
    ``d.sample(5, z=z)`` draws x from p(x|z).  Values may have further axes in front of the batch where the formula says
    their event shape; missing ones are broadcast.
    """

    check_values: bool = False

    # -- questions -------------------------------------------------------------------------------------

    def log_prob(self, *mapping: Mapping[str, Any], **values: Any) -> Tensor:
        """The log-density: one number for each example. Values that the formula does not name are ignored."""
        merged = self._keywords(mapping, values)
        given = {key: value for key, value in merged.items() if key in self._known()}
        answer = self._answer("log_prob", given)
        assert isinstance(answer, Tensor)
        return answer

    def sample(
        self,
        n: int | None = None,
        *mapping: Mapping[str, Any],
        noise: Mapping[str, Tensor] | None = None,
        **given: Any,
    ) -> dict[str, Tensor]:
        """Draw every variable that is not given, parents first.

        Without given values ``n`` examples, ``[n, event...]``; with some, ``n`` draws for each example, ``[n, batch,
        event...]``, or one without an axis of its own where ``n`` is left out.  Gradients pass through pathwise draws.
        """
        if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 1):
            raise refuse("F2D-0708", f"n={n!r} is not a whole number above 0")
        if noise is not None and not isinstance(noise, Mapping):
            raise refuse("F2D-0603", f"noise is a {type(noise).__name__}, not a mapping", "write noise={'z': tensor}")
        answer: dict[str, Tensor] = self._given("sample", mapping, {**given, "n": n, "noise": noise})
        return answer

    def params(self, *mapping: Mapping[str, Any], **given: Any) -> dict[str, Any]:
        """The parameters of the law by name; of several variables, by variable."""
        answer: dict[str, Any] = self._given("params", mapping, given)
        return answer

    def mean(self, *mapping: Mapping[str, Any], **given: Any) -> Any:
        """The mean; of several variables, by variable."""
        return self._given("mean", mapping, given)

    def variance(self, *mapping: Mapping[str, Any], **given: Any) -> Any:
        """The variance of every number; of several variables, by variable."""
        return self._given("variance", mapping, given)

    def entropy(self, *mapping: Mapping[str, Any], **given: Any) -> Tensor:
        """The entropy, in nats: one number for each example that is given."""
        answer: Tensor = self._given("entropy", mapping, given)
        return answer

    # -- other distributions ---------------------------------------------------------------------------

    def rename(self, *mapping: Mapping[str, str], **names: str) -> Distribution:
        """The same distribution of variables with other names, ``rename(x="x_u")``; it shares its weights."""
        merged = {**(mapping[0] if mapping else {}), **names}
        _need_names((*merged, *merged.values()), "rename(x='x_u')")
        return self._made(renamed(self._facts.program, {canonical(old): new for old, new in merged.items()}))

    def marginalize(self, *names: str) -> Distribution:
        """The distribution without some variables: not drawn any more, and summed out where they are finite."""
        _need_names(names, "marginalize('z')")
        return self._made(marginalised(self._facts.program, map(canonical, names)))

    def _made(self, program: Program) -> Distribution:
        """A distribution of another program around this one's networks, tensors and hyperparameters."""
        from formula2dgm.runtime.loader import build_beside

        return build_beside(self, self._facts, program, self._generated(program))

    def _generated(self, program: Program) -> Any:
        """The module of a program, written once."""
        cache = self.__dict__.setdefault("_written", {})
        key = (program.joint, program.ascii)
        if key not in cache:
            cache[key] = generate(run_passes(program))
        return cache[key]

    # -- the formula -----------------------------------------------------------------------------------

    @property
    def joint(self) -> Joint:
        """The factors, parents first."""
        assert self._facts.program.joint is not None
        return self._facts.program.joint

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All variables, with shapes and supports."""
        return self._facts.program.inputs

    def explain(self) -> str:
        """The factors in the order drawn, what can be asked and what not, what was assumed, as text."""
        return distribution_text(self._facts.program)

    @property
    def graph(self) -> networkx.MultiDiGraph:
        """The factor graph: variables with their ``kind``, an edge for each density from what it is given."""
        return to_networkx(distribution_graph(self._facts.program))

    @property
    def picture(self) -> Drawing:
        """The factor graph drawn: a notebook shows it, ``d.picture.save("graph.png")`` writes it."""
        return Drawing(distribution_graph(self._facts.program), self._facts.program.ascii)

    # -- answers ---------------------------------------------------------------------------------------

    def _known(self) -> set[str]:
        return set(self._facts.generated.arguments.values())

    def _keywords(self, mapping: tuple[Mapping[str, Any], ...], values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by the keywords of the generated methods."""
        arguments = self._facts.generated.arguments
        merged = {**(mapping[0] if mapping else {}), **values}
        known = self._known()
        return {key if key in known else arguments.get(canonical(key), key): value for key, value in merged.items()}

    def _given(self, name: str, mapping: tuple[Mapping[str, Any], ...], values: dict[str, Any]) -> Any:
        """An answer, given values: of the distribution conditioned on those of drawn variables."""
        own = {key: values.pop(key) for key in ("n", "noise") if name == "sample"}
        given = self._keywords(mapping, values)
        arguments = {keyword: name for name, keyword in self._facts.generated.arguments.items()}
        for key in given:
            if key not in arguments:
                close = get_close_matches(key, arguments, n=1)
                hint = f"did you mean {close[0]}? " if close else ""
                raise refuse("F2D-0445", f"no variable is called {key}", f"{hint}there are {', '.join(arguments)}")
        drawn = [arguments[key] for key in given if arguments[key] in self.joint.order]
        if not drawn:
            return self._answer(name, given, own)
        made = self._made(conditioned(self._facts.program, drawn))
        return made._answer(name, given, own)

    def _answer(self, name: str, given: dict[str, Any], own: Mapping[str, Any] | None = None) -> Any:
        """What a generated method returns, with the axes of the values given."""
        query = next(each for each in self._facts.program.queries if each.name == name)
        if query.refusal is not None:
            raise FormulaError(query.refusal)
        own = {key: value for key, value in (own or {}).items() if value is not None}
        program = self._facts.program
        keywords = self._facts.generated.arguments
        read = {each.name: given[keywords[each.name]] for each in self._read(query) if keywords[each.name] in given}
        lead: tuple[int, ...] | None = None
        if all(isinstance(each, Tensor) for each in read.values()) and len(read) == len(query.reads) and read:
            ranks = Leads(self.joint, program.inputs, self._probe).ranks(read)
            lead = common_lead(read, ranks)
            flat = flattened(read, ranks, lead)
            given = {**given, **{keywords[key]: value for key, value in flat.items()}}
        asked = replace(program, inputs=self._read(query))
        noise = {"noise": own["noise"]} if "noise" in own else {}
        prepared = Arguments(asked, keywords, name).prepare((), {**given, **noise}, self)
        answer = self._called(name, {**prepared, **own, **{key: prepared[key] for key in noise}})
        return answer if lead is None else unflattened(answer, query, lead, "n" in own)

    def _read(self, query: Query) -> tuple[Input, ...]:
        return tuple(each for each in self._facts.program.inputs if each.name in query.reads)

    def _called(self, name: str, prepared: dict[str, Any]) -> Any:
        method: Callable[..., Any] = getattr(super(), name)
        accepted = inspect.signature(method).parameters
        given = {key: value for key, value in prepared.items() if key in accepted}
        try:
            return method(**given)
        except Exception as error:
            again: Callable[[Mapping[str, Tensor]], Any] = lambda noise: method(**{**given, "noise": noise})  # noqa: E731
            refusal = refusal_of(error, self._facts, given.get("noise"), again)
            if refusal is not None:
                raise refusal from error
            raise

    def _probe(self, variable: str, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The parameters of one variable's law at one example of what it depends on."""
        cache: dict[str, Any] = self.__dict__.setdefault("_probed", {})
        if variable not in cache:
            made = self._made(factor_alone(self._facts.program, variable))
            keywords = made._facts.generated.arguments
            with torch.no_grad(), evaluating(made):
                cache[variable] = made._called("params", {keywords[name]: rows[name] for name in made.joint.given})
        found: dict[str, Tensor] = cache[variable]
        return found

    # -- copies ----------------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        from formula2dgm.runtime.loader import restore_distribution

        left_out = ("_facts", "_compiled_call_impl", "_written", "_probed")
        state = {name: value for name, value in self.__dict__.items() if name not in left_out}
        return restore_distribution, (self.source, self._facts), state


def _need_names(names: Iterable[object], example: str) -> None:
    for each in names:
        if not isinstance(each, str):
            raise refuse("F2D-0445", f"{each!r} is no name of a variable", f"write {example}")
