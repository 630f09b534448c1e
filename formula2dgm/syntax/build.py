"""From the grammar's rules to the syntax tree: one method a rule, called as soon as the rule is read."""

from __future__ import annotations

from typing import Any

from lark import Transformer

from formula2dgm.syntax import tree
from formula2dgm.syntax.binders import are_copies, binders_of, join_draws
from formula2dgm.syntax.derivatives import quotient
from formula2dgm.syntax.entries import bounded, entry, joined, listed, run_to, separate_indices
from formula2dgm.syntax.members import set_where
from formula2dgm.syntax.partial import Bare, Drawn, Group, Product, Sum, Value, add, divide, finish, multiply
from formula2dgm.syntax.parts import (
    Args,
    Items,
    Script,
    applied,
    body_of,
    ends_of,
    function_named,
    integral_over,
    of_operand,
    primes_last,
    refuse_list,
    span_of,
)
from formula2dgm.syntax.scripts import OPEN_RANGES
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import CONDITIONAL_FUNCTIONS, UNIFORM


class Build(Transformer[Token, Any]):
    """Callbacks of the grammar. Optional parts that are missing arrive as None."""

    # -- statements ----------------------------------------------------------------------------------------

    def statement(self, c: list[Any]) -> tree.Statement:
        return tree.Statement(body_of(c[0]), span=c[0].span)

    def players(self, c: list[Any]) -> tree.Statement:
        names, body = finish(c[0]), body_of(c[2])
        if isinstance(names, tree.Call) and isinstance(body, tree.Chain) and body.members[0] in names.args:
            return tree.Statement(body, span=span_of(c[0], c[2]))  # p(x|y): x = f(z; y) says whose density it makes
        players = names.items if isinstance(names, tree.Tuple) else (names,)
        if not all(isinstance(each, tree.Symbol) for each in players):
            refuse("F2D-0120", "before a ':' stand the names of those who train", names.span, "write phi: E_q(z|x)[…]")
        return tree.Statement(body, players, span=span_of(c[0], c[2]))

    def formula(self, c: list[Any]) -> Value:
        return c[0]

    def arrow(self, c: list[Any]) -> Value:
        return tree.Optimise(c[1].text, c[2] or (), body_of(c[0]), span=span_of(c[0], c[1]))

    def optimise(self, c: list[Any]) -> Value:
        return tree.Optimise(c[0].text, c[1] or (), finish(c[2]), span=span_of(c[0], c[2]))

    def chain(self, c: list[Any]) -> Value:
        if len(c) == 1:
            return c[0]
        for relation, right in zip(c[1::2], c[2::2], strict=True):
            refuse_list(relation, right)
        relations = tuple(each.text for each in c[1::2])
        first, *members = (finish(each) for each in c[::2])
        if relations[0] in ("=", ":="):
            first, members = listed(first), [joined(each) for each in members]
        return tree.Chain((first, *members), relations, span=span_of(c[0], c[-1]))

    def bare_list(self, c: list[Any]) -> Value:
        return Bare(tree.Tuple(tuple(finish(each) for each in c[::2]), span=span_of(c[0], c[-1])))

    def conditional(self, c: list[Any]) -> Value:
        given = tuple(finish(each) for each in c[2::2])
        right = given[0] if len(given) == 1 else tree.Tuple(given, span=span_of(c[2], c[-1]))
        return tree.Relates(finish(c[0]), "|", right, span=span_of(c[0], c[-1]))

    # -- sums and products ---------------------------------------------------------------------------------

    def plus(self, c: list[Any]) -> Value:
        return c[1]

    def minus(self, c: list[Any]) -> Value:
        made = tree.Neg(finish(c[1]), span=span_of(c[0], c[1]))
        return Product([made], made.span, divided=True) if isinstance(c[1], Product) and c[1].divided else made

    minus_factor = minus

    def add(self, c: list[Any]) -> Sum:
        return add(c[0], finish(c[2]))

    def subtract(self, c: list[Any]) -> Sum:
        return add(c[0], tree.Neg(finish(c[2]), span=span_of(c[1], c[2])))

    def juxtapose(self, c: list[Any]) -> Value:
        return multiply(c[0], "", c[2])

    def multiply(self, c: list[Any]) -> Value:
        return multiply(c[0], c[1].text, c[2])

    def divide(self, c: list[Any]) -> Value:
        return divide(c[0], c[2])

    def power(self, c: list[Any]) -> Value:
        base = finish(c[0])
        exponent = c[1].node
        if isinstance(c[0], Group) and isinstance(exponent, tree.Symbol) and exponent.letter == "plus":
            return entry(base, (exponent,), span_of(c[0], c[1]))
        family = run_to(base, exponent)
        return family if family is not None else tree.Power(base, c[1].node, span=span_of(c[0], c[1]))

    # -- atoms ---------------------------------------------------------------------------------------------

    def number(self, c: list[Token]) -> Value:
        return tree.Number(c[0].text, span=c[0].span)

    def infinity(self, c: list[Token]) -> Value:
        return tree.Infinity(span=c[0].span)

    def dots(self, c: list[Token]) -> Value:
        return tree.Ellipsis(span=c[0].span)

    def blank(self, c: list[Token]) -> Value:
        return tree.Blank(span=c[0].span)

    def name(self, c: list[Any]) -> tree.Symbol:
        token, sub, labels = c
        span = token.span
        for each in (sub, labels):
            span = span | each.span if each is not None else span
        return tree.Symbol(token.text, primes_last(token.accents), sub or (), labels or (), token.style, span=span)

    def call(self, c: list[Any]) -> Value:
        head, _, args, end = c
        drawn_from = isinstance(head, tree.Symbol) and head.letter in UNIFORM
        values, given, params = (each if each is None or drawn_from else tuple(map(joined, each))
                                 for each in (args.args, args.given, args.params))  # fmt: skip
        return tree.Call(head, values, given, params, span=span_of(head, end))

    def call_twice(self, c: list[Any]) -> Value:
        return self.call([self.call(c[:4]), *c[4:]])

    def call_power(self, c: list[Any]) -> Value:
        return self.call([self.power(c[:2]), *c[2:]])

    def func(self, c: list[Any]) -> Value:
        token, sub, _, args, end = c
        if args.given is not None or args.params is not None:
            if token.text not in CONDITIONAL_FUNCTIONS:
                place = (args.given or args.params or args.args)[0].span
                refuse("F2D-0120", f"the function {token.text} takes no condition and no parameters", place)
            head = tree.Symbol(token.text, sub=sub or (), span=token.span)
            return tree.Call(head, args.args, args.given, args.params, span=span_of(token, end))
        name, total = function_named(token)
        return tree.Func(name, args.args, sub or (), total, span=span_of(token, end))

    def prefix(self, c: list[Any]) -> Value:
        return applied(c, of_operand)

    def group(self, c: list[Any]) -> Value:
        return Group(finish(c[1]), span_of(c[0], c[2]))

    def set_of(self, c: list[Any]) -> Value:
        return tree.SetOf(tuple(c[1]), span=span_of(c[0], c[2]))

    def set_where(self, c: list[Any]) -> Value:
        element, conditions = joined(c[1]), tuple(map(joined, c[3]))
        return tree.SetWhere(element, set_where(element, conditions, c[2]), span=span_of(c[0], c[4]))

    def interval(self, c: list[Any]) -> Value:
        return tree.Interval(finish(c[1]), finish(c[3]), c[0].text + c[4].text, span=span_of(c[0], c[4]))

    def abs(self, c: list[Any]) -> Value:
        return tree.Abs(finish(c[1]), span=span_of(c[0], c[2]))

    def norm(self, c: list[Any]) -> Value:
        order = None if not c[3] else c[3][0] if len(c[3]) == 1 else tree.Tuple(tuple(c[3]), span=c[3].span)
        return tree.Norm(finish(c[1]), order, span=ends_of(c))

    def frac(self, c: list[Any]) -> Value:
        return quotient(finish(c[2]), finish(c[5]), span_of(c[0], c[6]))

    def sqrt(self, c: list[Any]) -> Value:
        return tree.Sqrt(finish(c[2]), span=span_of(c[0], c[3]))

    def root(self, c: list[Any]) -> Value:
        return tree.Sqrt(finish(c[5]), finish(c[2]), span=span_of(c[0], c[6]))

    # -- operators with scope ------------------------------------------------------------------------------

    def big(self, c: list[Any]) -> Value:
        token, sub, sup, body = c
        opened = not isinstance(body, Group)
        binders, upper = bounded(tuple(sub or ()), sup.node if sup is not None else None)
        return tree.Big(token.text, binders, upper, finish(body), opened, span=span_of(token, body))

    def expect(self, c: list[Any]) -> Value:
        binders, given = binders_of(c[1] or ()), c[5]
        return tree.Expect(binders, finish(c[3]), given=given or None, span=span_of(c[0], c[-1]))

    def open_expect(self, c: list[Any]) -> Value:
        return tree.Expect(binders_of(c[1] or ()), finish(c[2]), True, span=span_of(c[0], c[2]))

    def divergence(self, c: list[Any]) -> Value:
        return tree.Divergence(c[0].text, finish(c[3]), finish(c[5]), c[1] or (), span=span_of(c[0], c[6]))

    def integral(self, c: list[Any]) -> Value:
        variables = tuple(each for each in c[4:] if isinstance(each, tree.Node))
        return integral_over(c, finish(c[3]), variables, span_of(c[0], variables[-1]))

    def integral_first(self, c: list[Any]) -> Value:
        variables = tuple(each for each in c[3:-1] if isinstance(each, tree.Node))
        return integral_over(c, finish(c[-1]), variables, span_of(c[0], c[-1]))

    def evaluated(self, c: list[Any]) -> Value:
        return tree.Evaluated(finish(c[1]), c[3], span=span_of(c[0], c[3]))

    def indexed(self, c: list[Any]) -> Value:
        return entry(finish(c[0]), separate_indices(c[2]), span_of(c[0], c[3]))

    def case(self, c: list[Any]) -> tree.Case:
        condition = finish(c[2]) if c[2] is not None else None
        return tree.Case(finish(c[0]), condition, span=ends_of(c))

    def cases(self, c: list[Any]) -> Value:
        return tree.Cases(tuple(c[1:-1:2]), span=span_of(c[0], c[-1]))

    def row(self, c: list[Any]) -> tree.Tuple:
        return tree.Tuple(tuple(finish(each) for each in c[::2]), span=ends_of(c))

    def matrix(self, c: list[Any]) -> Value:
        return tree.Matrix(tuple(c[1:-1:2]), span=span_of(c[0], c[-1]))

    def labelled(self, c: list[Any]) -> Value:
        return tree.Labelled(finish(c[2]), c[4].text, span=span_of(c[0], c[4]))

    # -- lists and scripts ---------------------------------------------------------------------------------

    def args(self, c: list[Any]) -> Args:
        return Args(c)

    def items(self, c: list[Any]) -> Items:
        return tuple(finish(each) for each in c[::2])

    def sublist(self, c: list[Any]) -> Items:
        return join_draws(c[::2])

    def sub(self, c: list[Any]) -> Script:
        return Script(separate_indices(c[1] or ()), span_of(c[0], c[2]))

    labels = sub

    def sup(self, c: list[Any]) -> Group:
        return Group(finish(c[1]), span_of(c[0], c[2]))

    def condition(self, c: list[Any]) -> Value:
        return tree.Relates(finish(c[0]), "|", finish(c[2]), span=span_of(c[0], c[2]))

    def range(self, c: list[Any]) -> Value:
        return tree.Range(finish(c[0]), finish(c[2]), span=span_of(c[0], c[2]))

    def open_range(self, c: list[Any]) -> Value:
        if c[0].text not in OPEN_RANGES | {"!="}:
            refuse("F2D-0106", f"nothing stands before this '{c[0].written}'", c[0].span)
        return tree.OpenRange(c[0].text, finish(c[1]), span=span_of(c[0], c[1]))

    def related(self, c: list[Any]) -> Value:
        span = span_of(c[0], c[-1])
        if len(c) > 3:
            return self.chain(c)
        left, op, right = c[0], c[1].text, finish(c[2])
        if op == "=":
            return tree.Binds(finish(left), right, span=span)
        if op != "~":
            return tree.Relates(finish(left), op, right, span=span)
        name = finish(left)
        names = name.items if isinstance(name, tree.Tuple) else (name,)
        drawn = tree.Draws(names, right, joint=isinstance(name, tree.Tuple) and are_copies(names), span=span)
        return Drawn(drawn, isinstance(left, Group))
