r"""Draws from the cheapest coupling of two laws: ``(x_0, x_1) \sim \pi``, where ``\pi = \mathrm{OT}(q_0, q_1)``.

The plan between whole laws is not known; the one between a batch of each is. Both variables are drawn from laws of
their own, and the draws of one are then put in the order in which the plan of the batch pairs them with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.completion.flows.coupled import Coupled
from formula2dgm.completion.flows.plans import Plan, laws_coupled, plan_of, refuse
from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import is_data_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import parse_one, tree

_EQUAL = ("=", ":=")


def write_couplings(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with draws from plans written out, and what was decided; ``keys`` are what is bound."""
    plans, said = _plans(statements)
    if not plans and not any(plan_of(each) for statement in statements for each in statement.body.walk()):
        return list(statements), []
    rest = [each for each in statements if each not in said]
    text = _Text(rest, keys, plans)
    drawn = [each.with_body(text.drawn(each.body)) for each in rest]
    split = [one for each in drawn for one in text.statements(each)]
    if not text.pairs:
        return list(statements), []
    return [text.coupled(each) for each in split], text.notes


def _plans(statements: Sequence[tree.Statement]) -> tuple[dict[tree.Node, Plan], list[tree.Statement]]:
    """The plans that statements name, by their names, and the statements that say them."""
    plans: dict[tree.Node, Plan] = {}
    said: list[tree.Statement] = []
    spaces: dict[tree.Node, tree.Statement] = {}
    chains = [(each, each.body) for each in statements if isinstance(each.body, tree.Chain)]
    for statement, chain in chains:
        left, right = chain.members[0], chain.members[-1]
        if chain.relations[0] in _EQUAL and isinstance(left, tree.Symbol | tree.Call):
            if (plan := plan_of(right)) is not None:
                pair = _pair_of(left) or plan.pair
                plans[_named(left)] = replace(plan, pair=pair)
                said.append(statement)
        elif chain.relations == ("in",) and laws_coupled(right) is not None:
            spaces[_named(left)] = statement
    for statement, chain in chains:  # q(x_0, x_1) = \pi(x_0, x_1)
        left, right = chain.members[0], chain.members[-1]
        if chain.relations[0] in _EQUAL and isinstance(left, tree.Call) and _named(right) in plans:
            if statement not in said and isinstance(right, tree.Call | tree.Symbol) and _pair_of(left) is not None:
                plans[_named(left)] = replace(plans[_named(right)], pair=_pair_of(left))
                said.append(statement)
    for name, statement in spaces.items():
        if name not in plans and any(_named(source) == name for source in _sources(statements)):
            refuse(f"{name} is one of many couplings, and nothing says which", statement.body)
    return plans, [*said, *(each for name, each in spaces.items() if name in plans)]


def _named(node: tree.Node) -> tree.Node:
    """The name of a law, without its variables."""
    return node.head if isinstance(node, tree.Call) else node


def _pair_of(node: tree.Node) -> tuple[tree.Symbol, tree.Symbol] | None:
    match node:
        case tree.Call(args=(tree.Symbol() as one, tree.Symbol() as other), given=None) if one != other:
            return one, other
    return None


def _sources(statements: Sequence[tree.Statement]) -> Iterator[tree.Node]:
    """What the text draws from."""
    for each in (node for statement in statements for node in statement.body.walk()):
        match each:
            case tree.Draws(density=source) | tree.Chain(members=(_, source), relations=("~",)):
                yield source
            case tree.Expect(binders=binders):
                yield from binders


@dataclass
class _Text:
    """A text whose draws from plans are written out.

    rest   its statements, without those that say what a plan is
    keys   what is bound
    plans  the plans by their names
    pairs  what goes with what, by the variable that is put in order
    laws   what the variables of plans are drawn from
    """

    rest: Sequence[tree.Statement]
    keys: Sequence[tree.Node]
    plans: dict[tree.Node, Plan]
    pairs: dict[tree.Symbol, Coupled] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    # -- draws -----------------------------------------------------------------------------------------

    def drawn(self, node: tree.Node) -> tree.Node:
        """With expectations under a plan under its two laws."""
        node = map_children(node, self.drawn)
        if isinstance(node, tree.Expect):
            return replace(node, binders=tuple(map(self._binder, node.binders)))
        return node

    def _binder(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Draws(names=names, density=source) if (plan := self._plan(source)) is not None:
                items = names[0].items if len(names) == 1 and isinstance(names[0], tree.Tuple) else names
                return self._draws(plan, items, node)
            case tree.Call() | tree.Symbol() if (plan := self._plan(node)) is not None:
                items = node.args if isinstance(node, tree.Call) and _pair_of(node) is not None else plan.pair or ()
                return self._draws(plan, items, node)
            case tree.Mul() | tree.Tuple():
                return map_children(node, self._binder)
        return node

    def _plan(self, source: tree.Node) -> Plan | None:
        if isinstance(source, tree.Call) and source.given is not None:
            return None
        found = plan_of(source) if isinstance(source, tree.Call | tree.Optimise) else None
        return found or self.plans.get(_named(source))

    def statements(self, statement: tree.Statement) -> list[tree.Statement]:
        """``(x_0, x_1) \\sim \\pi`` as two statements; any other as it is."""
        match statement.body:
            case tree.Chain(members=(tree.Tuple(names), source), relations=("~",)) if (
                plan := self._plan(source)
            ) is not None:
                made = self._draws(plan, names, statement.body)
                items = made.items if isinstance(made, tree.Tuple) else (made,)
                return [self._statement(each) for each in items if isinstance(each, tree.Draws)]
        return [statement]

    def _statement(self, draws: tree.Draws) -> tree.Statement:
        left = draws.names[0] if len(draws.names) == 1 else tree.Tuple(draws.names, span=draws.span)
        return tree.Statement(tree.Chain((left, draws.density), ("~",), span=draws.span), span=draws.span)

    def _draws(self, plan: Plan, names: Sequence[tree.Node], place: tree.Node) -> tree.Node:
        """Both variables drawn from laws of their own; the one that is no data is to be put in order."""
        match names:
            case (tree.Symbol() as one, tree.Symbol() as other) if one != other:
                pass
            case _:
                refuse(f"{place} does not say which two variables are drawn from the plan", place)
        laws = [self._law(name, law) for name, law in zip((one, other), plan.laws, strict=True)]
        data = [law is not None and is_data_name(law) for law in laws]
        moved, to = (other, one) if data == [True, False] else (one, other)
        own = moved.letter, moved.accents, moved.sub, moved.sup, moved.style
        self._enter(Coupled(*own, to=to, weight=plan.weight, span=moved.span), place)
        if all(data):
            assert laws[0] is not None
            return tree.Draws((one, other), laws[0], span=place.span)
        items = [
            name if law is None else tree.Draws((name,), law, span=place.span)
            for name, law in zip((one, other), laws, strict=True)
        ]
        return tree.Tuple(tuple(items), span=place.span)

    def _enter(self, pair: Coupled, place: tree.Node) -> None:
        """What goes with what, once."""
        known = self.pairs.setdefault(pair.alone, pair)
        if known != pair:
            message = f"{pair.alone} is drawn from two plans"
            raise FormulaError(
                Diagnostic("F2D-0541", "error", message, place.span, "give the draws of each plan names of their own")
            )
        how = "of all assignments within a batch the one with the least sum of squared distances"
        if pair.weight is not None:
            how = f"a draw for each {pair.to} of the entropic plan of the batch, in squared distances"
        text = f"{pair.alone} goes with {pair.to} by a minibatch plan, in place of that of the whole laws: {how}"
        if all(each.text != text for each in self.notes):
            self.notes.append(Note(text, place.span))

    def _law(self, name: tree.Symbol, law: tree.Node) -> tree.Node | None:
        """What a variable of a plan is drawn from: None where a statement says it of the variable."""
        if any(_draws_alone(each.body, name) for each in self.rest):
            return None
        if isinstance(law, tree.Call) and is_written_family(law):
            return law
        head = _named(law)
        equal = next((each for statement in self.rest if (each := _equal_to(statement.body, head)) is not None), None)
        if equal is not None and is_data_name(equal):
            return equal
        said = [_named(each.body.members[0]) for each in self.rest if isinstance(each.body, tree.Chain)]
        if is_data_name(head) or head in said or any(_named(key) == head for key in self.keys):
            return head
        self.notes.append(Note(f"{name} is data: nothing says what {head} is", law.span))
        return placed(parse_one("p_{data}"), law.span)

    # -- what is read ----------------------------------------------------------------------------------

    def coupled(self, statement: tree.Statement) -> tree.Statement:
        """With the variable that is put in order as such wherever its value is read."""
        body = statement.body
        if not isinstance(body, tree.Chain):
            return statement.with_body(self._read(body))
        left, relation = body.members[0], body.relations[0]
        own = {*left.args, *(left.given or ())} if isinstance(left, tree.Call) else set()
        if own & self.pairs.keys() or relation == "in":
            return statement
        if relation == "~":
            return statement.with_body(replace(body, members=(left, self._read(body.members[1]))))
        return statement.with_body(self._read(body))

    def _read(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Symbol() if node in self.pairs:
                return replace(self.pairs[node], span=node.span)
            case tree.Expect(binders=binders):
                made = map_children(node, self._read)
                assert isinstance(made, tree.Expect)
                return replace(made, binders=tuple(map(self._bound, binders)))
        return map_children(node, self._read)

    def _bound(self, node: tree.Node) -> tree.Node:
        """What an expectation binds, with what that is given read as it is."""
        match node:
            case tree.Draws(density=source):
                return replace(node, density=self._bound(source) if not isinstance(source, tree.Symbol) else source)
            case tree.Call() if is_written_family(node):
                return map_children(node, self._read)
            case tree.Call(given=given):
                return replace(node, given=None if given is None else tuple(map(self._read, given)))
            case tree.Mul() | tree.Tuple():
                return map_children(node, self._bound)
        return node


def _equal_to(body: tree.Node, name: tree.Node) -> tree.Node | None:
    """What a statement says that a name is, ``q_1 = p_{data}``."""
    if isinstance(body, tree.Chain) and body.relations[0] in _EQUAL and _named(body.members[0]) == name:
        return body.members[-1]
    return None


def _draws_alone(body: tree.Node, name: tree.Symbol) -> bool:
    """``x_0 \\sim N(0, I)``: does a statement draw the variable by itself?"""
    return isinstance(body, tree.Chain) and body.relations == ("~",) and body.members[0] == name
