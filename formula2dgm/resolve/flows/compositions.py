"""Numbered functions written out: ``f_K \\circ \\dots \\circ f_1``, ``z_k = f_k(z_{k-1})``, ``\\sum_k`` over them.

Functions that carry an index are different networks, so what runs over them is written out before anything has a
meaning: a composition with dots names every function, a recurrence is one definition for each step, a sum over k is the
sum of its terms. How many functions there are is a number of the text, or the number of those that are bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.bindings import Binding, NetworkValue, SequenceValue
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names, find_parameters
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import (
    at_index,
    composed,
    function_at_index,
    index_of,
    is_whole,
    lower_bound,
    number_node,
    numbered,
    position_of,
    stem_of,
)
from formula2dgm.reading.rewrite import flatten, map_children
from formula2dgm.resolve.flows.counts import are_too_many, lengths_of, sizes_of
from formula2dgm.resolve.sequences.stepwise import (
    Recurrence,
    applied_names,
    as_derivative,
    chain_names,
    defines,
    implied_steps,
    indexed_functions,
    is_parameter,
    recurrence,
    upper_bounds,
    values_in,
)
from formula2dgm.syntax import tree

#: How many functions a composition has that nobody bound and no number counts.
DEFAULT_LENGTH = 4

Parsed = Sequence[tuple[Binding, tree.Node]]


def members_bound(parsed: Parsed) -> list[tuple[Binding, tree.Node]]:
    """The bindings with each list as its members: ``f`` bound to three modules is ``f_1``, ``f_2`` and ``f_3``."""
    out: list[tuple[Binding, tree.Node]] = []
    for binding, key in parsed:
        if isinstance(binding.value, SequenceValue) and isinstance(key, tree.Symbol):
            for number, member in enumerate(binding.value.members, 1):
                symbol = numbered(stem_of(key), tree.Number(str(number), span=key.span))
                out.append((replace(binding, value=member, part=str(number)), symbol))
        else:
            out.append((binding, key))
    return out


@dataclass(slots=True)
class Writer:
    """Writes out what runs over numbered functions.

    lengths   how many functions of a name are bound
    sizes     the numbers that the text or a binding gives to names: ``K = 8``
    functions the names of what is applied: bound to modules, inverted or differentiated
    values    what is a value somewhere: an argument, what a density is over or is given
    defined   the functions that the text defines with an index, f of ``f_k(z) = z + u_k h(z)``
    chains    what functions make step by step, z of ``z_k = f_k(z_{k-1})``, with the functions' name
    uppers    what each index runs up to, where a sum says it, or a value of a chain does: K of ``z_K``
    assumed   sentences about what was not forced, each with its place
    """

    lengths: dict[tree.Symbol, int]
    sizes: dict[str, int]
    scaffold: bool
    found: Diagnostics
    functions: set[tree.Symbol]
    values: set[tree.Node]
    defined: set[tree.Symbol] = field(default_factory=set)
    chains: dict[tree.Symbol, tree.Symbol] = field(default_factory=dict)
    uppers: dict[str, tree.Node] = field(default_factory=dict)
    assumed: list[tuple[str, tree.Node]] = field(default_factory=list)

    def statements(self, statements: Sequence[tree.Statement]) -> list[tree.Statement]:
        """The statements with everything written out."""
        for each in statements:
            self._count(each.body)
            self.uppers |= upper_bounds(each.body)
            if (chain := chain_names(each.body)) is not None:
                self.chains[chain[0]] = chain[1]
            if isinstance(each.body, tree.Chain) and (function := function_at_index(each.body.members[0])) is not None:
                self.defined.add(function[0])
        out: list[tree.Statement] = []
        for statement in (*statements, *self._unsaid(statements)):
            bodies = self._steps(statement.body)
            out += [statement.with_body(self.written(each)) for each in bodies]
        return out

    def _unsaid(self, statements: Sequence[tree.Statement]) -> list[tree.Statement]:
        """``z_k = f_k(z_{k-1})`` where the text says no more than the log-determinants of f_k by z_{k-1}."""
        found: list[tree.Statement] = []
        for statement in statements:
            for step in implied_steps(statement.body):
                left, call = step.members
                assert isinstance(left, tree.Symbol) and isinstance(call, tree.Call)
                value, function = stem_of(left), stem_of(call.head)  # type: ignore[arg-type]
                defined = any(defines(each.body, value) for each in statements)
                if not defined and value not in self.chains and (function in self.lengths or self.scaffold):
                    self.chains[value] = function
                    self.assumed.append((str(step), step))
                    found.append(replace(statement, body=step, players=()))
        return found

    # -- how many ------------------------------------------------------------------------------------------

    def _count(self, body: tree.Node) -> None:
        """Note what a statement says of a size: ``K = 8``."""
        key = plain(body.members[0]) if isinstance(body, tree.Chain) else None
        if isinstance(body, tree.Chain) and key is not None and is_whole(body.members[-1]):
            self.sizes.setdefault(key, int(str(body.members[-1])))

    def _length(self, stem: tree.Symbol, upper: tree.Node) -> int | None:
        """How many functions of a name there are, where the text runs up to ``upper``."""
        said = int(str(upper)) if is_whole(upper) else self.sizes.get(plain(upper) or "")
        if said is not None and are_too_many(said, upper, self.found):
            return None
        known = self.lengths.get(stem)
        if said is not None and known is not None and said != known and not is_whole(upper):
            self.found.error(
                "F2D-0232",
                f"{upper} is {said}, but {known} functions are bound to {stem}",
                upper.span,
                f"bind {said} functions, or leave the number to their list",
            )
            return None
        length = said if said is not None else known
        if length is None and self.scaffold:
            length = DEFAULT_LENGTH
            self.assumed.append((f"{upper} is {length}: {stem} is a composition of {length} functions", upper))
        elif said is None and length is not None and plain(upper) not in self.sizes:
            self.assumed.append((f"{upper} is {length}, the number of functions bound to {stem}", upper))
        if length is not None and (key := plain(upper)) is not None:
            self.sizes[key] = length
        return length

    # -- compositions and recurrences ------------------------------------------------------------------------

    def _steps(self, body: tree.Node) -> list[tree.Node]:
        """``z_K = f_K \\circ \\dots \\circ f_1(z_0)`` and ``z_k = f_k(z_{k-1})`` as a definition for each step."""
        if not isinstance(body, tree.Chain) or body.relations[0] not in ("=", ":="):
            return [body]
        left, right = body.members[0], body.members[-1]
        if isinstance(left, tree.Call) and (numbers := self._defined_for(left)):
            return [at_index(body, index, number) for index, number in numbers]
        if not isinstance(left, tree.Symbol) or len(body.members) != 2:
            return [body]
        if (step := recurrence(left, right)) is not None:
            return self._unrolled(body, left, right, step)
        right = self.written(right)
        heads, argument = composed(right)
        start = argument.args[0] if argument is not None else None
        if len(heads) < 2 or argument is None or not isinstance(start, tree.Symbol) or position_of(start) != 0:
            return [replace(body, members=(left, right))]
        if stem_of(start) != stem_of(left) or start == left:
            return [replace(body, members=(left, right))]
        definitions: list[tree.Node] = []
        before: tree.Symbol = start
        for number, head in enumerate(reversed(heads), 1):
            last = number == len(heads)
            own = left if last else numbered(stem_of(left), tree.Number(str(number), span=head.span))
            call = tree.Call(head, (before, *argument.args[1:]), argument.given, argument.params, span=right.span)
            definitions.append(replace(body, members=(own, call)))
            before = own
        final = numbered(stem_of(left), tree.Number(str(len(heads)), span=left.span))
        if final != left:
            definitions.append(replace(body, members=(final, left)))
        return definitions

    def _defined_for(self, left: tree.Call) -> list[tuple[str, int]]:
        """The index and its numbers where a statement defines the functions of a chain."""
        stem, index = function_at_index(left) or (None, "")
        upper = self.uppers.get(index)
        if stem is None or upper is None or stem not in self.chains.values() or stem in self.lengths:
            return []
        return [(index, number) for number in range(1, (self._length(stem, upper) or 0) + 1)]

    def _unrolled(self, body: tree.Chain, left: tree.Symbol, right: tree.Node, step: Recurrence) -> list[tree.Node]:
        upper = self.uppers.get(step.index)
        length = self._length(step.stem, upper) if upper is not None else self.lengths.get(step.stem)
        if length is None:
            return [body]
        return [
            at_index(replace(body, members=(left, right)), step.index, number) for number in range(1, length + 1)
        ] + [
            replace(body, members=(numbered(stem_of(left), upper), numbered(stem_of(left), number_node(length, left))))
            for upper in ((upper,) if isinstance(upper, tree.Symbol) else ())
        ]

    # -- expressions -----------------------------------------------------------------------------------------

    def written(self, node: tree.Node) -> tree.Node:
        """The tree with compositions without dots, and sums over numbered functions as sums of terms."""
        node = as_derivative(node)
        match node:
            case tree.Call() if (called := self._with_context(node)) is not None:
                node = called
            case tree.Mul() if "circ" in node.ops:
                node = self._without_dots(node)
            case tree.Big(op="sum" | "prod") if (terms := self._terms(node)) is not None:
                terms = [self.written(each) for each in terms]
                if node.op == "prod":
                    return flatten(tree.Mul(tuple(terms), ("",) * (len(terms) - 1), span=node.span))
                return tree.Labelled(
                    terms[0] if len(terms) == 1 else tree.Add(tuple(terms), span=node.span),
                    str(node.body),
                    span=node.span,
                )
        changed = map_children(node, self.written)
        return flatten(changed) if isinstance(changed, tree.Mul) and changed is not node else changed

    def _without_dots(self, node: tree.Mul) -> tree.Mul:
        factors = list(node.factors)
        place = next((i for i, each in enumerate(factors) if isinstance(each, tree.Ellipsis)), None)
        if place is None or place in (0, len(factors) - 1):
            return node
        last = factors[-1]
        inner = last.head if isinstance(last, tree.Call) else last
        if not isinstance(factors[0], tree.Symbol) or not isinstance(inner, tree.Symbol):
            return node
        outer = index_of(factors[0])
        if outer is None or position_of(inner) != 1 or stem_of(inner) != stem_of(factors[0]):
            return node
        length = self._length(stem_of(inner), outer)
        if length is None:
            return node
        names: list[tree.Node] = [
            numbered(stem_of(inner), number_node(number, inner)) for number in range(length, 0, -1)
        ]
        if isinstance(last, tree.Call):
            names[-1] = replace(last, head=names[-1])
        return replace(node, factors=tuple(names), ops=("circ",) * (length - 1))

    def _with_context(self, node: tree.Call) -> tree.Call | None:
        """``f(x; y)`` as ``f(x, y)``: what a function is given behind a semicolon, without its parameters' names."""
        head = node.head.base if isinstance(node.head, tree.Power) else node.head
        if node.params is None or not isinstance(head, tree.Symbol) or stem_of(head) not in self.functions:
            return None
        given = tuple(each for each in node.params if each in self.values or not is_parameter(each))
        return replace(node, args=(*node.args, *given), params=None)

    def _terms(self, node: tree.Big) -> list[tree.Node] | None:
        """The terms of a sum over numbered functions; None for any other sum."""
        binders = list(binder_names(node))
        if len(binders) != 1 or binders[0][1] is None:
            return None
        index, upper = binders[0][0], binders[0][1] or node
        stems = [
            stem
            for stem, differentiated in indexed_functions(node.body, index)
            if stem in self.lengths
            or (stem in self.defined and stem in self.chains.values())
            or (self.scaffold and differentiated and stem not in self.chains)
        ]
        stems = stems or [self.chains[stem] for stem, _ in indexed_functions(node.body, index) if stem in self.chains]
        lower = lower_bound(node)
        if not stems or lower is None:
            return None
        shift = 0
        if isinstance(upper, tree.Add) and len(upper.terms) == 2 and str(upper.terms[1]) == "-1":
            shift, upper = 1, upper.terms[0]
        length = self._length(stems[0], upper)
        if length is None:
            return None
        return [at_index(node.body, index, number) for number in range(lower, length - shift + 1)]


def write_out(
    statements: Sequence[tree.Statement], parsed: Parsed, scaffold: bool, found: Diagnostics
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with all that runs over numbered functions written out, and notes on what was decided."""
    functions = {stem_of(key) for binding, key in parsed if _is_module(binding) and isinstance(key, tree.Symbol)}
    functions |= {name for each in statements for name in applied_names(each.body)}
    parameters = find_parameters([each.body for each in statements], frozenset())
    values = {value for each in statements for value in values_in(each.body) if plain(value) not in parameters}
    writer = Writer(lengths_of([key for _, key in parsed]), sizes_of(parsed), scaffold, found, functions, values)
    out = writer.statements(statements)
    return out, [Note(text, place.span) for text, place in writer.assumed]


def _is_module(binding: Binding) -> bool:
    return isinstance(binding.value, NetworkValue)
