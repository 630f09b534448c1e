r"""Ordinary differential equations of a text, as functions that take the state at one time to the state at another.

x = z(t_1), z(t_0) \sim N(0, I)                 x = \Phi(z_0), z_0 \sim N(0, I): a change of variables
\log p(z(t_0)) - \int_{t_0}^{t_1} tr(...) dt    z_0 = \Phi(x), and an integral along the path
z(0) = h(x), p(y|z(1))                          z_0 = h(x), z_1 = \Phi(z_0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.flows.bodies import OnPath
from formula2dgm.completion.flows.changes import change_of_density
from formula2dgm.completion.flows.densities import without_times
from formula2dgm.completion.flows.ends import Ends, NotSolved, decide
from formula2dgm.completion.flows.symbols import AlongPath, FlowMap, Moving
from formula2dgm.completion.flows.times import Times
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.flow_equations import FlowEquation, read_flow, reads_of_state, variable_of
from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.tree import Statement


def write_flows(statements: Sequence[Statement], keys: Sequence[tree.Node]) -> tuple[list[Statement], list[Note]]:
    """The statements with the functions that their differential equations make, and what was decided.

    An equation whose state the text speaks of at a time that runs, or defines there, says how samples move: it stays.
    """
    notes, out = Notes(), list(statements)
    found: dict[tree.Symbol, list[FlowEquation]] = {}
    for each in statements:
        if isinstance(each.body, tree.Chain) and (equation := read_flow(each.body)) is not None:
            found.setdefault(equation.state, []).append(equation)
    for equations in found.values():
        out = without_times(equations[0], out, notes)
        out = _Rewriting(equations, out, keys, notes).written()
    return out, notes.found


class _Rewriting:
    """The statements of a text around one equation."""

    def __init__(
        self, equations: list[FlowEquation], statements: list[Statement], keys: Sequence[tree.Node], notes: Notes
    ):
        self.equations, self.equation, self.keys, self.notes = equations, equations[0], keys, notes
        self.statements = statements
        chains = [each.chain for each in equations]
        self.changes = [each for each in statements if change_of_density(self.equation, each.body) is not None]
        self.others = [
            each for each in statements if not any(each.body is own for own in chains) and each not in self.changes
        ]
        self.point = OnPath(self.equation, self.equation.time)

    def written(self) -> list[Statement]:
        reads = [each for other in self.others for each in reads_of_state(self.equation, other.body)]
        paths = [each for other in self.others for each in other.body.walk() if self._is_path(each)]
        if any(running for _, running in reads):
            self._refuse_unfixed()
            return self.statements
        if self._says_how_samples_move(bool(reads or paths)):
            return self.statements
        self._refuse_contradictions()
        self._refuse_keys()
        used = [each for each, _ in reads]
        used += [when for key in self.keys for when, running in reads_of_state(self.equation, key) if not running]
        for equation in self.equations:
            used += [when for each in equation.chain.members for when, running in reads_of_state(equation, each)
                     if not running]  # fmt: skip
        for each in paths:
            assert isinstance(each, tree.Integral) and each.lower is not None and each.upper is not None
            used += [each.lower, each.upper]
        times = Times(self.equation, self.statements)
        added = times.completed(used, self.keys, self.notes)
        try:
            ends = decide(self.equation, times, used, self.others, self.keys)
        except NotSolved:
            return self.statements
        change = change_of_density(self.equation, self.changes[0].body) if self.changes else None
        out = [each.with_body(self._integrals(each.body, ends, change)) for each in ends.statements]
        wanted = [each.with_body(_wanted(each, out)) for each in out]
        return [*wanted, *added, *self._functions(ends, change, out)]

    # -- is it this mechanism's? ---------------------------------------------------------------------------

    def _is_path(self, node: tree.Node) -> bool:
        """Is this an integral along the path: of something at the state?"""
        time = variable_of(node)
        if time is None or time == self.equation.state:
            return False
        assert isinstance(node, tree.Integral)
        body = OnPath(self.equation, time)(node.body)
        return any(isinstance(each, Moving) and each.letter == self.equation.state.letter for each in body.walk())

    def _says_how_samples_move(self, read: bool) -> bool:
        """Does the text train what is on the right side by something else than the solution of the equation?"""
        right = list(self.equation.right.walk())
        heads = {each.head for each in right if isinstance(each, tree.Call)} - {self.equation.state}
        score = any(isinstance(each, tree.Prefix | tree.Func) and each.name == "grad" for each in right)
        outside = (each for other in self.others for each in self._outside_paths(other.body))
        trained = any(isinstance(each, tree.Call) and each.head in heads for each in outside)
        scored = any(
            isinstance(each, tree.Call) and is_density_call(each) and any(reads_of_state(self.equation, each))
            for other in self.others
            for each in other.body.walk()
        )
        if trained or (score and not read):
            return not scored or not read
        if read:
            return False
        raise FormulaError(
            Diagnostic(
                "F2D-0530",
                "error",
                f"{self.equation} is solved from nowhere: the text reads {self.equation.state} at no time",
                self.equation.chain.span,
                f"say where it starts and where it ends: {self.equation.state}(0) ~ N(0, I), "
                f"x = {self.equation.state}(1)",
            )
        )

    def _refuse_unfixed(self) -> None:
        """``z(t)`` is read, and nothing but the equation says what it is at a time that runs."""
        bodies = [each.body for each in self.others]
        if any(
            isinstance(each, tree.Draws | tree.Chain) and self._is_said(each) for body in bodies for each in body.walk()
        ):
            return
        calls = [each for body in bodies for each in body.all(tree.Call)]
        if any(is_density_call(each) and any(self._runs(arg) for arg in each.args) for each in calls):
            return
        read = next((each for each in calls if self._runs(each)), None)
        if read is not None:
            raise FormulaError(
                Diagnostic(
                    "F2D-0532",
                    "error",
                    f"{read} is read at no single time, and {self.equation} is solved from one time to another",
                    read.span,
                    f"write the time, {self.equation.state}(1)",
                )
            )

    def _runs(self, node: tree.Node) -> bool:
        return self.equation.reads(node, self.equation.time)

    def _is_said(self, node: tree.Draws | tree.Chain) -> bool:
        """Does a statement or a bracket say what the state is at the running time?"""
        names = node.names if isinstance(node, tree.Draws) else node.members[:1]
        return any(self._runs(each) for each in names)

    def _outside_paths(self, node: tree.Node) -> Iterator[tree.Node]:
        yield node
        if not self._is_path(node):
            for each in node.children:
                yield from self._outside_paths(each)

    def _refuse_contradictions(self) -> None:
        for each in self.equations[1:]:
            other = OnPath(each, each.time)(each.right)
            renamed = _with(other, replace(self.point.now, letter=each.time.letter), self.point.now)
            if renamed != self.point(self.equation.right):
                raise FormulaError(
                    Diagnostic(
                        "F2D-0531",
                        "error",
                        f"two equations say how {each.state} changes: {self.equation} and {each}",
                        each.chain.span,
                        "leave one of them, or give the second variable another letter",
                    )
                )

    def _refuse_keys(self) -> None:
        """``p(z(0))`` as the key of a binding: there the state has the name that it has in the code."""
        for key in self.keys:
            for each in key.walk():
                when = self.equation.time_of(each)
                if when is not None and isinstance(each, tree.Call):
                    name = Times(self.equation, self.statements).named(when)
                    raise FormulaError(
                        Diagnostic(
                            "F2D-0532",
                            "error",
                            f"the binding {key} names the state at a time, {each}",
                            self.equation.chain.span,
                            f"call it {name} in the key of the binding",
                        )
                    )

    # -- what stands in its place --------------------------------------------------------------------------

    def _flow(self, begin: tree.Node, end: tree.Node, change: tree.Node | None, ends: Ends) -> FlowMap:
        equation = self.equation
        return FlowMap(
            "flow",
            (),
            (replace(equation.state, span=equation.chain.span),),
            span=equation.chain.span,
            right=self.point(equation.right),
            state=self.point.state,
            time=self.point.now,
            begin=begin,
            end=end,
            change=change,
            names=(str(ends.names[ends.key(begin)]), str(ends.names[ends.key(end)])),
            said=str(equation),
        )

    def _functions(self, ends: Ends, change: tree.Node | None, statements: Sequence[Statement]) -> list[Statement]:
        """The state at every other time, as a function of where the path starts."""
        span, made = self.equation.chain.span, []
        for time in ends.others:
            flow, name = self._flow(ends.start, time, change, ends), ends.names[ends.key(time)]
            value = tree.Call(flow, (ends.names[ends.key(ends.start)],), span=span)
            read = any(name == each for statement in statements for each in statement.body.walk())
            if read or ends.key(time) == ends.key(ends.data):
                made.append(Statement(tree.Chain((name, value), ("=",), span=span), span=span))
        return made

    def _integrals(self, node: tree.Node, ends: Ends, change: tree.Node | None) -> tree.Node:
        """The integrals along the path, each with the path that it is along."""
        if not self._is_path(node):
            return map_children(node, lambda each: self._integrals(each, ends, change))
        assert isinstance(node, tree.Integral) and node.lower is not None and node.upper is not None
        start, lower, upper = (ends.key(each) for each in (ends.start, node.lower, node.upper))
        if lower == upper or start not in (lower, upper):
            raise FormulaError(
                Diagnostic(
                    "F2D-0533",
                    "error",
                    f"{node} does not run from or to {ends.start}, the time at which {self.equation} starts",
                    node.span,
                    "integrate from one end of the path to the other",
                )
            )
        end = node.upper if start == lower else node.lower
        body = OnPath(self.equation, node.variables[0])(node.body)  # type: ignore[arg-type]
        flow = self._flow(ends.start, end, change, ends)
        if ends.turned and ends.key(end) == ends.key(ends.data):
            minus = tree.Neg(tree.Number("1", span=node.span), span=node.span)
            head = tree.Power(flow, minus, span=node.span)
            path = tree.Call(head, (ends.names[ends.key(end)],), span=node.span)
            return self._along(node, body, path, start == upper)
        path = tree.Call(flow, (ends.names[start],), span=node.span)
        return self._along(node, body, path, start == lower)

    def _along(self, node: tree.Integral, body: tree.Node, path: tree.Call, forward: bool) -> AlongPath:
        return AlongPath(body, (self.point.now,), node.lower, node.upper, path=path, forward=forward, span=node.span)


def _wanted(statement: Statement, statements: Sequence[Statement]) -> tree.Node:
    """The right side of ``\\log p(x) = \\log p(z_0) - ...`` where no other statement takes p(x): the objective."""
    body = statement.body
    others = [each.body for each in statements if each is not statement]
    match body:
        case tree.Chain((tree.Prefix(name="log", operand=tree.Call() as density), right), ("=",)):
            along = any(isinstance(each, AlongPath) for each in right.walk())
            taken = any(each == density for other in others for each in other.walk())
            return right if along and not taken else body
    return body


def _with(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    return new if node == old else map_children(node, lambda each: _with(each, old, new))
