"""A distribution's methods: one for each question it can be asked, by the machinery that writes objectives."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from formula2dgm.codegen.checks import write_checks
from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.forward import described
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.moments import write_parts
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.names import argument as keyword
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.parts import parts_of
from formula2dgm.codegen.python import ATOM, WIDTH, Body, Code, quoted, statement
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import UnknownShape
from formula2dgm.codegen.statements import Preparation, prepared_for
from formula2dgm.codegen.uses import Demand
from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Query
from formula2dgm.ir.program import Program, Term
from formula2dgm.ir.rewrite import walk

#: What ``sample`` calls its own arguments and variables.
TAKEN = frozenset(("n", "draws", "drawn", "noise"))
#: Nodes that a number is made of.
NUMBERS = (ir.Const, ir.Hyper, ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)
_TENSORS, _PARAMETERS = "dict[str, Tensor]", "dict[str, dict[str, Tensor]]"


def query_argument(name: str) -> str:
    """The keyword under which the methods take a variable or a hyperparameter.

    >>> query_argument("x"), query_argument("n")
    ('x', 'n_')
    """
    found = keyword(name)
    return f"{found}_" if found in TAKEN else found


def write_queries(program: Program, arguments: dict[str, str], used: dict[str, None]) -> list[Body]:
    """All methods but the constructor; library functions they call are added to ``used``."""
    return [_Method(program, each, arguments, used).write() for each in program.queries]


class _Method:
    def __init__(self, program: Program, query: Query, arguments: dict[str, str], used: dict[str, None]):
        self.program = program
        self.query = query
        self.hypers = [each for each in program.hyperparameters if each.name in _hypers_of(query)]
        read = [*query.reads, *(each.name for each in self.hypers)]
        self.arguments = {name: arguments[name] for name in read}
        assert program.joint is not None
        self.joint = program.joint
        self.alone = len(self.joint.shown) == 1
        self.scope = Scope(program, Names({*self.arguments.values(), *TAKEN}), self.arguments, library=used)
        self.body = self.scope.body

    def write(self) -> Body:
        """The whole method."""
        refusal = self.query.refusal
        head = Body(4)
        self._signature(head)
        head.add(_docstring(self._said()))
        if refusal is not None:
            self.body.add(_raised(refusal))
            return _joined(head, self.body)
        for each in self.hypers:
            name = self.arguments[each.name]
            self.body.write(f"{name} = self.{name} if {name} is None else {name}", each.span)
        writers = {"log_prob": self._log_prob, "sample": self._sample, "params": self._params}
        writers.get(self.query.name, self._values)()
        return _joined(head, self.body)

    def _signature(self, head: Body) -> None:
        returns = {"sample": _TENSORS, "params": _TENSORS if self.alone else _PARAMETERS}
        if not self.alone and self.query.name in ("mean", "variance"):
            returns[self.query.name] = _TENSORS
        keywords = [f"{self.arguments[name]}: Tensor" for name in self.query.reads]
        keywords += [f"{self.arguments[each.name]}: float | Tensor | None = None" for each in self.hypers]
        sampled = self.query.name == "sample"
        keywords += ["noise: Mapping[str, Tensor] | None = None"] if sampled else []
        first = ["n: int | None = None"] if sampled else []
        keywords += ["**unused: object"] if self.query.name == "log_prob" else []
        write_signature(head, self.query.name, first, keywords, returns.get(self.query.name, "Tensor"))

    def _said(self) -> str:
        """What the method does, in a sentence."""
        names = ", ".join(self.joint.shown)
        given = f", given {', '.join(self.joint.given)}" if self.joint.given else ""
        if self.query.refusal is not None:
            return f"Unknown: {self.query.refusal.message}."
        match self.query.name:
            case "log_prob":
                return f"The log-density of {names}{given}: one number for each example."
            case "sample" if self.joint.given:
                return f"Draw {names}{given}: n draws for each example, [n, batch, event...]; one, [batch, event...]."
            case "sample":
                return f"Draw {names}: n examples, [n, event...]; one where n is left out."
            case "params":
                return f"The parameters of the distribution of {names}{given}, by name."
        return f"The {self.query.name} of {names}{given}."

    # -- bodies ----------------------------------------------------------------------------------------

    def _prepared(self, nodes: list[ir.Node], terms: tuple[Term, ...] = ()) -> Preparation:
        """Write what the nodes need before they can be computed."""
        preparation = prepared_for(self.scope, nodes, "number", terms)
        for node in nodes:
            preparation.prepare(node)
        return preparation

    def _log_prob(self) -> None:
        ((_, node),) = self.query.answers
        term = Term("the log-density", self.program.arena.make(ir.Const, 1), node)
        preparation = self._prepared([node], (term,))
        write_checks(self.scope, (term,))
        for part in parts_of(self.scope, node):
            target = self.scope.names.fresh(notation(self.program, part), "log_density", "_each")
            self.body.comment(described(self.scope, part), self.scope.span(part))
            preparation.compute(part, target)
        self._returned(preparation, node, "log_density")

    def _values(self) -> None:
        """Moments, by variable where there are several; the entropy."""
        preparation = self._prepared(self.query.nodes)
        write_parts(self.program, self.query, preparation)
        if len(self.query.answers) == 1:
            ((_, node),) = self.query.answers
            self.body.gap()
            self._returned(preparation, node, self.query.name)
            return
        items = []
        for name, node in self.query.answers:
            target = self.scope.names.fresh(f"{name} {self.query.name}")
            self.body.comment(notation(self.program, node), self.scope.span(node))
            preparation.compute(node, target, "value")
            items.append(f"{quoted(name)}: {target}")
        self._return_dict(items)

    def _returned(self, preparation: Preparation, node: ir.Node, name: str) -> None:
        """Return a value; in a variable of its own first where it is too long for the line."""
        demand: Demand = "value" if node.event == "value" else "number"
        value = expression(self.scope, node, demand)
        line = f"return {value.text}"
        if len(line) + self.body.indent > WIDTH:
            target = self.scope.names.fresh(name)
            preparation.compute(node, target, demand)
            line = f"return {target}"
        self.body.gap()
        self.body.write(line, self.scope.span(node))

    def _params(self) -> None:
        laws = self.query.nodes
        self._prepared(laws)
        self.body.gap()
        if self.alone:
            self._return_dict([item for law in laws for item in self._items(law)])
            return
        self._return_dict([f"{quoted(name)}: {{{', '.join(self._items(law))}}}" for name, law in self.query.answers])

    def _items(self, law: ir.Node) -> list[str]:
        assert isinstance(law, ir.Law)
        given = dict(law.params)
        return [f"{quoted(name)}: {self._parameter(law, given[name])}" for name in facts(law).parameters]

    def _parameter(self, law: ir.Law, node: ir.Node) -> str:
        """A parameter; a number as a tensor of the law's event shape."""
        value = expression(self.scope, node, "number" if law.scalar else "value")
        if not all(isinstance(each, NUMBERS) for each in walk(node)):
            return value.text
        like = f"{self.scope.use('tensor_of')}(self)"
        return f"{like}.new_full({law.shape or ()}, {value.text})"

    def _sample(self) -> None:
        axes = {axis for node in self.query.nodes for axis in node.axes}
        given = bool(self.joint.given)
        count = "draws" if given else "n"
        self.scope.sizes = {
            axis: count for axis in axes if axis.kind == "sample" or (axis.kind == "batch" and not given)
        }
        self.body.write("noise = {} if noise is None else noise")
        self.body.write(f"{count} = 1 if n is None else n")
        try:
            self._prepared(self.query.nodes)
        except UnknownShape as error:
            name = error.node.site
            hint = f"say it: event_shape= where its density is bound, or dims={{{name!r}: 16}}"
            found = Diagnostic("F2D-0610", "error", f"nothing says the shape of {name}", None, hint)
            drawn = error.node.law if isinstance(error.node, ir.Draw) else error.node
            self.body.lines = [(line, self.scope.span(drawn)) for line in _raised(found)]
            return
        items = [f"{quoted(name)}: {expression(self.scope, node, 'value').text}" for name, node in self.query.answers]
        self.body.gap()
        if not given:
            self._return_dict(items)
            return
        self.body.add(_braced("drawn = ", items))
        self.body.write("return {name: each[0] for name, each in drawn.items()} if n is None else drawn")

    def _return_dict(self, items: list[str]) -> None:
        self.body.gap()
        self.body.add(_braced("return ", items))


def _braced(before: str, items: Iterable[str]) -> list[str]:
    """``return {...}``, an entry a line where it is too long for one."""
    entries = tuple(map(Code, items))
    value = Code(f"{before}{{{', '.join(each.text for each in entries)}}}", ATOM, f"{before}{{", entries, "}")
    return statement(value, 8) or [
        f"        {before}{{",
        *(f"            {each.text}," for each in entries),
        "        }",
    ]


def _hypers_of(query: Query) -> set[str]:
    nodes = list(walk(*query.nodes))
    sizes = {axis.size for node in nodes for axis in node.axes if isinstance(axis.size, str)}
    return sizes | {node.name for node in nodes if isinstance(node, ir.Hyper)}


def _docstring(text: str) -> list[str]:
    """A docstring of as many lines as it needs."""
    prefix = "r" if "\\" in text else ""
    line = f'        {prefix}"""{text}"""'
    if len(line) <= WIDTH:
        return [line]
    first, *rest = textwrap.wrap(text, WIDTH - 14)
    return [f'        {prefix}"""{first}', *(f"        {each}" for each in rest), '        """']


def _raised(refusal: Diagnostic) -> list[str]:
    """The statement that refuses, its reason on lines that fit."""
    text = refusal.message + (f"; {refusal.hint}" if refusal.hint else "")
    line = f"        raise ValueError({quoted(text)})"
    if len(line) <= WIDTH:
        return [line]
    pieces = [text] if len(quoted(text)) <= WIDTH - 12 else textwrap.wrap(text, WIDTH - 16, drop_whitespace=False)
    return ["        raise ValueError(", *(f"            {quoted(each)}" for each in pieces), "        )"]


def _joined(head: Body, body: Body) -> Body:
    return Body(4, [*head.lines, *body.lines])
