r"""Where the path of a differential equation starts: what the text gives, draws, defines or scores at which time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.completion.flows.changes import is_density_of
from formula2dgm.completion.flows.times import Times
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.flow_equations import FlowEquation, variable_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.tree import Statement


@dataclass(slots=True)
class Ends:
    """What a text says of the state at single times.

    start       the time at which the path starts; others: the other times; data: the one of them that is given
    names       what the state is called, by the key of the time
    turned      the path is written from where it is drawn, and followed from the data
    statements  the statements in these names
    """

    times: Times
    start: tree.Node
    others: list[tree.Node]
    data: tree.Node
    names: dict[object, tree.Symbol]
    turned: bool
    statements: list[Statement] = field(default_factory=list)

    def key(self, time: tree.Node) -> object:
        return self.times.key(time)


class NotSolved(Exception):
    """Both ends are drawn: the equation says how samples move from the one to the other."""


def decide(
    equation: FlowEquation,
    times: Times,
    used: Sequence[tree.Node],
    statements: Sequence[Statement],
    keys: Sequence[tree.Node],
) -> Ends:
    """Where the path starts, and the statements with a name for the state at each time; raises :class:`NotSolved`."""
    reading = _Reading(equation, times, used, statements, keys)
    return reading.decided()


class _Reading:
    def __init__(
        self,
        equation: FlowEquation,
        times: Times,
        used: Sequence[tree.Node],
        statements: Sequence[Statement],
        keys: Sequence[tree.Node],
    ):
        self.equation, self.times, self.bound = equation, times, keys
        self.used = list({times.key(each): each for each in reversed(used)}.values())[::-1]
        self.names = {times.key(each): times.named(each) for each in self.used}
        self.given: dict[object, tree.Node] = {}
        self.defined: dict[object, tree.Node] = {}
        kept = [each for each in statements if not self._is_name(each.body)]
        self._name_without_time(kept)
        self._refuse_one_name()
        self.statements = [each.with_body(self._named(each.body, equation.time)) for each in kept]

    # -- names -------------------------------------------------------------------------------------------

    def _is_name(self, body: tree.Node) -> bool:
        """``x = z(t_1)``: what the state is called then, or (an expression) what it is."""
        if not isinstance(body, tree.Chain) or body.relations != ("=",) or len(body.members) != 2:
            return False
        left, right = (self.equation.time_of(each) for each in body.members)
        if left is not None and right is not None:
            if not self.times.same(left, right):
                raise self._refusal("F2D-0531", f"{body} says that nothing changes between {left} and {right}", body)
            return True
        time = left or right
        if time is None:
            return False
        other = body.members[1 if left is not None else 0]
        key = self.times.key(time)
        if key in self.given and other == self.names[key]:
            return True  # the same, said once more
        if key in self.given or key in self.defined:
            raise self._refusal("F2D-0531", f"{self.equation.state} at {time} is said twice", body)
        if isinstance(other, tree.Symbol):
            self.names[key], self.given[key] = replace(other, span=body.span), time
            return True
        self.defined[key] = time
        return False

    def _name_without_time(self, statements: Sequence[Statement]) -> None:
        """``p(y|z(1))`` beside a density that says z without a time, ``p(y|z) = ...``: the one state that densities
        read is called so."""
        state, slots = self.equation.state, list[tree.Node]()
        for root in (*(each.body for each in statements), *self.bound):
            calls = (each for each in root.all(tree.Call) if is_density_call(each))
            slots += [slot for each in calls for slot in (*each.args, *(each.given or ()))]
        calls_of_state = [each for each in slots if isinstance(each, tree.Call)]
        keys = {self.times.key(when) for each in calls_of_state if (when := self.equation.time_of(each)) is not None}
        free = {key for key in keys if key not in self.given}
        if state in slots and len(free) == 1:
            self.names[free.pop()] = state

    def _refuse_one_name(self) -> None:
        seen: dict[tree.Symbol, object] = {}
        for key, name in self.names.items():
            if name in seen:
                times = " and ".join(str(each) for each in self.used if self.times.key(each) in (key, seen[name]))
                chain = self.equation.chain
                raise self._refusal("F2D-0531", f"{name} would be the state at two times, {times}", chain)
            seen[name] = key

    def _named(self, node: tree.Node, time: tree.Symbol) -> tree.Node:
        when = self.equation.time_of(node, time)
        if when is not None and when != time:
            return replace(self.names[self.times.key(when)], span=node.span)
        inside = variable_of(node) or time
        return map_children(node, lambda each: self._named(each, inside))

    # -- what is known of each -----------------------------------------------------------------------------

    def _draws(self, name: tree.Symbol) -> list[tuple[Statement | None, tree.Node]]:
        """Where a variable is drawn, by which statement, and from what."""
        found: list[tuple[Statement | None, tree.Node]] = []
        for statement in self.statements:
            match statement.body:
                case tree.Chain((left, law), ("~",)) if left == name:
                    found.append((statement, law))
            for node in statement.body.walk():
                if isinstance(node, tree.Draws) and name in node.names:
                    found.append((None, node.density))
                elif isinstance(node, tree.Expect):
                    found += [(None, each) for each in node.binders if is_density_of(each, name)]
        return found

    def _is_declared(self, name: tree.Symbol) -> bool:
        """Is there a statement or a binding for the density over a variable alone?"""
        bodies = [each.body for each in self.statements]
        left = [each.members[0] for each in bodies if isinstance(each, tree.Chain) and each.relations[:1] == ("=",)]
        said = [each for each in left if is_density_of(each, name) and each.given is None]  # type: ignore[attr-defined]
        return bool(said) or any(is_density_of(each, name) for each in self.bound)

    def _scores(self, name: tree.Symbol) -> list[tree.Call]:
        """Where the density of a variable is taken."""
        found: list[tree.Call] = []
        for statement in self.statements:
            body = statement.body
            for node in body.walk():
                if isinstance(node, tree.Prefix | tree.Func) and node.name == "log":
                    found += [each for each in node.walk() if is_density_of(each, name)]  # type: ignore[misc]
        return found

    def decided(self) -> Ends:
        if len(self.used) < 2:
            state, once = self.equation.state, self.used[0]
            chain = self.equation.chain
            raise self._refusal(
                "F2D-0530", f"{state} is read at the time {once} alone, where {self.equation} says nothing", chain
            )
        data: dict[object, tree.Node] = {}
        drawn: dict[object, tree.Node] = {}
        scored: dict[object, tree.Node] = {}
        inferred: dict[object, tree.Node] = {}
        for time in self.used:
            key, name = self.times.key(time), self.names[self.times.key(time)]
            draws = self._draws(name)
            known = [law for _, law in draws if not _is_data_source(law)]
            if self._scores(name):
                scored[key] = time
            inside = all(statement is None for statement, _ in draws)
            if known and inside and all(isinstance(law, tree.Call) and law.given is not None for law in known):
                inferred[key] = time
            elif known or self._is_declared(name):
                drawn[key] = time
            elif draws or key in self.given:
                data[key] = time
        self._refuse_two_sources(data, drawn, scored)
        data |= {key: time for key, time in self.defined.items() if key not in drawn}
        if drawn and any(key not in drawn for key in inferred):
            data |= inferred  # drawn given data elsewhere: here its density is what the path says
        else:
            drawn |= inferred
        start, end, turned = self._direction(data, drawn, scored)
        others = [each for each in self.used if self.times.key(each) != self.times.key(start)]
        ends = Ends(self.times, start, others, end or start, self.names, turned)
        explicit = {} if turned or end is not None else scored
        ends.statements = self._statements({**drawn} if explicit else {}, explicit)
        if end is not None and turned:
            ends.statements = [each for each in ends.statements if not self._draws_data(each.body, end)]
        return ends

    def _draws_data(self, body: tree.Node, end: tree.Node) -> bool:
        """``x ~ p_data`` of what the path ends in, and whose density is taken: it is data."""
        match body:
            case tree.Chain((tree.Symbol() as name, law), ("~",)):
                return name == self.names[self.times.key(end)] and _is_data_source(law)
        return False

    def _refuse_two_sources(
        self, data: dict[object, tree.Node], drawn: dict[object, tree.Node], scored: dict[object, tree.Node]
    ) -> None:
        """Draws of the data at one end and of noise at the other are no path, unless the density of the data is
        taken."""
        for key, time in data.items():
            name = self.names[key]
            if drawn and key not in scored and self._draws(name):
                said = (
                    f"{name} is drawn from the data, and would be where the path from {next(iter(drawn.values()))} ends"
                )
                if key not in self.given:
                    raise NotSolved(said)
                raise self._refusal("F2D-0531", said, time)

    def _direction(
        self, data: dict[object, tree.Node], drawn: dict[object, tree.Node], scored: dict[object, tree.Node]
    ) -> tuple[tree.Node, tree.Node | None, bool]:
        """Where the path starts; where it ends in data, if it is written from a draw; is it followed from there?"""
        if len(data) > 1 or len(drawn) > 1:
            ends = " and ".join(map(str, (data if len(data) > 1 else drawn).values()))
            said = f"{self.equation.state} is given at {ends}, and its equation leads from one of them to the other"
            raise self._refusal("F2D-0531", said, self.equation.chain)
        if not data and drawn:
            free = [each for key, each in scored.items() if key not in drawn]
            data = {self.times.key(each): each for each in free[:1]}
        if not data and len(scored) > 1:
            first = next(iter(self._left(scored)), None)
            data = {} if first is None else {self.times.key(first): first}
        if not data and not drawn:
            raise self._refusal(
                "F2D-0530",
                f"nothing says what {self.equation.state} is at {self.used[0]} or at any other time",
                self.equation.chain,
            )
        if not data:
            return next(iter(drawn.values())), None, False
        end = next(iter(data.values()))
        if not drawn or any(key in scored for key in drawn) or self.times.key(end) in self.defined:
            return end, None, False
        return next(iter(drawn.values())), end, self.times.key(end) in scored

    def _left(self, scored: dict[object, tree.Node]) -> list[tree.Node]:
        """The times of the densities on the left sides: ``\\log p(z(t_1)) = ...``."""
        bodies = (each.body for each in self.statements)
        left = [node for each in bodies if isinstance(each, tree.Chain) for node in each.members[0].walk()]
        return [time for key, time in scored.items() if any(is_density_of(each, self.names[key]) for each in left)]

    def _statements(self, drawn: dict[object, tree.Node], scored: dict[object, tree.Node]) -> list[Statement]:
        """The statements; a draw of what is followed to from data is what its density is."""
        out = []
        names = [self.names[key] for key in drawn if key in scored]
        for statement in self.statements:
            match statement.body:
                case tree.Chain((tree.Symbol() as name, tree.Call() as law), ("~",)) if name in names:
                    if is_density_of(law, name):
                        continue
                    density = replace(self._scores(name)[0], span=statement.span)
                    chain = tree.Chain((density, law), ("=",), span=statement.body.span)
                    statement = statement.with_body(chain)
            out.append(statement)
        return out

    def _refusal(self, code: str, message: str, place: tree.Node) -> FormulaError:
        state = self.equation.state
        hint = f"say what {state} is at one time, and read it at others: {state}(0) ~ N(0, I), x = {state}(1)"
        return FormulaError(Diagnostic(code, "error", message, place.span, hint))


def _is_data_source(law: tree.Node) -> bool:
    """``p_{data}``, ``\\mathcal{D}``, ``p_{data}(x)``."""
    head = law.head if isinstance(law, tree.Call) else law
    if not isinstance(head, tree.Symbol):
        return False
    labels = {str(each) for each in (*head.sub, *head.sup)}
    return not isinstance(law, tree.Call) or bool({"data", "D", "calD"} & {head.letter, *labels})
