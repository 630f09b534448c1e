"""What a distribution can be asked, as nodes: its log-density, draws, parameters, moments and entropy.

Every question has an answer or a reason why it has none; nothing is estimated behind the user's back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Factor, Joint, Query, QueryName
from formula2dgm.ir.program import Assumption, Program, Site
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.chains.gaussian import Elimination
from formula2dgm.resolve.distributions.moments import Kind, Moments, NoMoment
from formula2dgm.resolve.distributions.ways import Cases, Flow, Mixture, Part, Way, facts, laws_of, way_of, with_shape
from formula2dgm.resolve.draws.ancestral import Undrawable, ancestral, is_sized, plates_of, substituted, unsized
from formula2dgm.resolve.resolver import BATCH

#: The axis of the draws: an axis of their own beside that of the examples, or the examples themselves.
DRAWS = Axis("sample", "draws")
SAMPLES = Axis("batch", "samples")


def ask(program: Program) -> Program:
    """The program with the queries of its joint, and the sites of its draws."""
    questions = _Questions(program)
    sample = questions.sample()
    queries = (
        questions.log_prob(),
        sample,
        questions.params(),
        questions.moment("mean"),
        questions.moment("variance"),
        questions.entropy(),
    )
    sites = _sites(questions.values if sample.refusal is None else {})
    assumed = dict.fromkeys((*program.assumptions, *questions.assumed))
    return replace(program, queries=queries, sites=sites, assumptions=tuple(assumed))


def _sites(values: Mapping[str, ir.Node]) -> tuple[Site, ...]:
    """The places of randomness; one that is called after its law is one of several of its variable."""
    found: dict[ir.Draw, Site] = {}
    for name, value in values.items():
        for each in walk(value):
            if isinstance(each, ir.Draw) and each not in found:
                variable = name if each.site.startswith(each.law.label) else each.site
                noise = registry.family(each.law.family).noise
                found[each] = Site(each.site, variable, each.law, each, each.axes, noise)
    return tuple(found.values())


def reads(node: ir.Node) -> set[str]:
    """The data that a node reads."""
    return {each.name for each in walk(node) if isinstance(each, ir.Data)}


class _Questions:
    """The questions to one joint. ``factors`` are all that are drawn; ``left``, those behind the integrals that are
    known in closed form."""

    def __init__(self, program: Program):
        assert program.joint is not None
        self.arena: Arena = program.arena
        self.joint: Joint = program.joint
        self.shapes = {each.name: each.shape for each in program.inputs}
        self.factors = _needed(self.joint)
        tensors = {each.name: each.shape for each in program.parameters}
        self.left = Elimination(self.arena, tensors).without(self.factors, self.joint.hidden)
        self.drawn = {name for each in self.left for name in each.variables}
        self.values: dict[str, ir.Node] = {}
        self.assumed: list[Assumption] = []

    def _refused(self, name: QueryName, code: str, message: str, factor: Factor | None, hint: str) -> Query:
        found = Diagnostic(code, "error", message, factor.span if factor else None, hint)
        return Query(name, self.joint.given, (), found)

    # -- log_prob --------------------------------------------------------------------------------------

    def log_prob(self) -> Query:
        """The sum of the factors' logarithms; a finite hidden variable is summed out."""
        hidden = [each for each in self.left if set(each.variables) & self.joint.hidden]
        for each in hidden:
            if not _is_finite(each):
                return self._refused(
                    "log_prob",
                    "F2D-0442",
                    f"the density without {', '.join(each.variables)} is an integral over {each.label}, which has no "
                    "closed form here",
                    each,
                    "score all variables together, estimate it (log 1/K sum_k p(x|z_k) for z_k ~ p(z)), or bound it by "
                    "an ELBO; over a finite variable it is summed, over one that is linear and Normal integrated",
                )
        values = self._enumerated(hidden)
        # the later a factor stands in the order, the further from the priors: as people write a product
        parts = [substituted(self.arena, each.log, values) for each in reversed(self.left)]
        for node in reversed(values.values()):
            parts = self._summed_out(parts, node.axes[0])
        return Query("log_prob", (*self.joint.shown, *self.joint.given), (("", self._sum(parts)),))

    def _enumerated(self, hidden: list[Factor]) -> dict[str, ir.Node]:
        """All values of each finite variable, along an axis of its own."""
        values: dict[str, ir.Node] = {}
        for each in hidden:
            assert each.law is not None
            law = substituted(self.arena, each.law, values)
            values[each.variables[0]] = self.arena.make(ir.Enumerated, law, Axis("enumeration", each.variables[0]))
        return values

    def _summed_out(self, parts: list[ir.Node], axis: Axis) -> list[ir.Node]:
        inside = [each for each in parts if axis in each.axes]
        outside = [each for each in parts if axis not in each.axes]
        return [self.arena.make(ir.Reduce, "logsumexp", axis, self._sum(inside)), *outside]

    def _sum(self, parts: list[ir.Node]) -> ir.Node:
        return parts[0] if len(parts) == 1 else self.arena.make(ir.Add, tuple(parts))

    # -- sample ----------------------------------------------------------------------------------------

    def sample(self) -> Query:
        """One draw of each variable after those that it depends on."""
        axes = (DRAWS, BATCH) if self.joint.given else (SAMPLES,)
        try:
            self.values = ancestral(self.arena, self.factors, axes, self.shapes.get)
        except Undrawable as error:
            return Query("sample", self.joint.given, (), error.refusal)
        for each in self.factors:
            way = way_of(self.arena, each.log, each.variables[0])
            if isinstance(way, Flow) and not all(map(is_sized, laws_of(way))):
                text = f"{way.name} has the shape of {each.variables[0]}, which is made of it"
                self.assumed.append(Assumption(text, each.span))
        return Query("sample", self.joint.given, tuple((name, self.values[name]) for name in self.joint.shown))

    # -- parameters and moments ------------------------------------------------------------------------

    def _of_shown(self) -> list[tuple[str, Factor]]:
        known = {name: each for each in self.left for name in each.variables}
        return [(name, known[name]) for name in self.joint.shown]

    def _random(self, name: QueryName, noun: str, variable: str, factor: Factor, drawn: set[str]) -> Query | None:
        """What depends on a drawn variable is random, unless its value is passed."""
        if not drawn:
            return None
        names, verb = ", ".join(sorted(drawn)), "are" if len(drawn) > 1 else "is"
        shown = sorted(drawn - self.joint.hidden)
        pass_it = f"pass {', '.join(f'{each}=...' for each in shown)}, or " if shown == sorted(drawn) else ""
        hint = f"{pass_it}estimate it from .sample(1000)"
        return self._refused(
            name, "F2D-0440", f"the {noun} of {variable} depends on {names}, which {verb} drawn", factor, hint
        )

    def params(self) -> Query:
        """The laws themselves."""
        laws = []
        for name, factor in self._of_shown():
            way = way_of(self.arena, factor.log, name)
            if not isinstance(way, ir.Law):
                message = f"{factor.label} is no single law: its distribution has no parameters of its own"
                known = (
                    "ask .mean() and .variance()" if isinstance(way, Mixture | Cases) else "draw from it, .sample(1000)"
                )
                hint = f"{known}, or declare it by a family: p(x) = N(x; ...)"
                return self._refused("params", "F2D-0447", message, factor, hint)
            drawn = reads(way) & self.drawn
            if (refused := self._random("params", "distribution", name, factor, drawn)) is not None:
                return refused
            laws.append((name, way))
        return Query("params", self.joint.given, tuple(laws))

    def moment(self, kind: Kind) -> Query:
        """The mean or variance of every variable; over a finite hidden variable that of the mixture."""
        answers = []
        for name, factor in self._of_shown():
            parents = self._finite_above(factor)
            drawn = (reads(factor.log) - {name}) & self.drawn - {each.variables[0] for each in parents}
            if (refused := self._random(kind, kind, name, factor, drawn)) is not None:
                return refused
            values = self._enumerated(parents)
            way = way_of(self.arena, substituted(self.arena, factor.log, values), name)
            if way is None:
                message = f"{factor.label} is known by its logarithm alone: its {kind} is unknown"
                hint = "declare it by a family, p(x) = N(x; ...), or estimate it from .sample(1000)"
                return self._refused(kind, "F2D-0447", message, factor, hint)
            way = with_shape(self.arena, way, self.shapes[name])
            try:
                moments = Moments(self.arena, name)
                answer = moments.along(plates_of(factor.log), moments.of(self._mixed(way, parents, values), kind))
            except NoMoment as error:
                return self._refused(kind, "F2D-0446", str(error), factor, error.hint)
            if not all(is_sized(law, drawn=False) for law in laws_of(way)):
                return Query(kind, self.joint.given, (), unsized(name, factor))
            answers.append((name, answer))
        return Query(kind, self.joint.given, tuple(answers))

    def _finite_above(self, factor: Factor) -> list[Factor]:
        """The finite hidden variables that a factor depends on, parents first, if their laws depend on nothing else."""
        wanted = reads(factor.log) & self.joint.hidden
        found: list[Factor] = []
        for each in reversed(self.left):
            if each is not factor and set(each.variables) & wanted and _is_finite(each):
                found.insert(0, each)
                wanted |= reads(each.log) & self.joint.hidden
        return found

    def _mixed(self, way: Way, parents: list[Factor], values: Mapping[str, ir.Node]) -> Way:
        """The mixture over all values of the finite variables that a way depends on."""
        for each in reversed(parents):
            node = values[each.variables[0]]
            assert isinstance(node, ir.Enumerated)
            weight = self.arena.make(ir.Apply, "exp", (self.arena.make(ir.LogProb, node.law, node),))
            way = Mixture((Part((weight,), node.axis, way),))
        return way

    def entropy(self) -> Query:
        """The entropy of independent factors: the sum of theirs."""
        hint = "estimate it at draws: -d.log_prob(**d.sample(1000)).mean()"
        if self.joint.hidden & self.drawn:
            return self._refused("entropy", "F2D-0441", "the entropy of a mixture has no closed form", None, hint)
        for each in self.left:
            depends = sorted(reads(each.log) & (self.drawn - set(each.variables)))
            if depends:
                message = f"{each.label} depends on {', '.join(depends)}: the entropy of the whole is an expectation"
                return self._refused("entropy", "F2D-0441", message, each, hint)
            if each.law is None or facts(each.law).entropy is None:
                message = f"the entropy of {each.label} has no closed form"
                return self._refused("entropy", "F2D-0441", message, each, hint)
            if not is_sized(each.law, drawn=False):
                return Query("entropy", self.joint.given, (), unsized(each.variables[0], each))
        parts: list[ir.Node] = [
            self.arena.make(ir.Entropy, each.law) for each in reversed(self.left) if each.law is not None
        ]
        return Query("entropy", self.joint.given, (("", self._sum(parts)),))


def _is_finite(factor: Factor) -> bool:
    return factor.law is not None and registry.family(factor.law.family).finite


def _needed(joint: Joint) -> list[Factor]:
    """The factors without hidden variables that nothing depends on: their densities integrate to one."""
    factors = list(joint.factors)
    while True:
        used = {name for each in factors for name in reads(each.log) - set(each.variables)}
        idle = [
            each
            for each in factors
            if each.law is not None and set(each.variables) <= joint.hidden and not set(each.variables) & used
        ]
        if not idle:
            return factors
        factors = [each for each in factors if each not in idle]
