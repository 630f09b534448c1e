"""A program in the formula's own notation: what a person reads in comments, tests and ``show --as ir``."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)

#: What a node is called instead of being spelled out, or None.
Names = Callable[[ir.Node], str | None]


def to_text(node: ir.Node, names: Names = lambda node: None) -> str:
    """A node as a formula; reductions name their operation and axis.

    >>> from formula2dgm.ir.arena import Arena
    >>> from formula2dgm.ir.axes import Axis
    >>> arena, batch = Arena(), Axis("batch", "batch")
    >>> x = arena.make(ir.Data, "x", (batch,))
    >>> law = arena.make(ir.Law, "p(x)", "Normal", (("loc", arena.make(ir.Const, 0.0)),))
    >>> to_text(arena.make(ir.Reduce, "mean", batch, arena.make(ir.LogProb, law, x)))
    'mean_batch[log p(x)]'
    """
    return Notation(names).text(node)


def program_text(program: Program) -> str:
    """A whole program: each objective's terms, one a line, and what follows what."""
    notation = Notation(lambda node: None)
    lines: list[str] = []
    for objective in program.objectives:
        player = f"{objective.player}: " if objective.player else ""
        lines.append(f"{player}{'maximise' if objective.maximize else 'minimise'}")
        for term in objective.terms:
            weight = f"{notation.within(term.coefficient, _UNARY)} * "
            weight = "" if weight == "1 * " else weight
            lines.append(f"    {term.name}: {weight}{notation.within(term.node, _PRODUCT)}")
    for each in program.targets:
        lines.append(f"{each.owner.name} follows {each.of}, decay {notation.text(each.decay)}")
    return "\n".join(lines)


class Notation:
    """Spells nodes, except those that ``names`` has a name for."""

    def __init__(self, names: Names):
        self.names = names

    def text(self, node: ir.Node) -> str:
        """The text of a node."""
        return self._spelled(node)[0]

    def within(self, node: ir.Node, level: int) -> str:
        """The text of a node, in brackets where it binds more loosely than ``level``."""
        text, own = self._spelled(node)
        return f"({text})" if own < level else text

    def _spelled(self, node: ir.Node) -> tuple[str, int]:
        """The text and how strongly it binds."""
        name = self.names(node)
        if name is not None:
            return name, _UNARY if " " in name else _ATOM
        match node:
            case ir.Const(value):
                return f"{value:g}" if isinstance(value, float) else str(value), _UNARY if value < 0 else _ATOM
            case ir.Hyper(name) | ir.Data(name) | ir.Param(name):
                return name, _ATOM
            case ir.Index(axis) | ir.Enumerated(_, axis):
                return axis.name, _ATOM
            case ir.LogStratumWeight(axis):
                return f"log weight of {axis.name}", _UNARY
            case ir.Size(axis):
                return f"|{axis.name}|", _ATOM
            case ir.Previous(site, time, _, _, lag):
                return f"{site}[{time.name}{-lag:+d}]", _ATOM
            case ir.State(_, site, time):
                return f"{site}[{time.name}]", _ATOM
            case ir.Draw(copy=copy):
                return node.key + "'" * copy, _ATOM
            case ir.Coupled(value, to) | ir.Permuted(value, to=ir.Node() as to):
                return f"coupled({self.text(value)}, {self.text(to)})", _ATOM
            case ir.PathPoint(name):
                return name, _ATOM
            case ir.Solution(field, state, time, begin, end):
                ends = f"{time.name} = {self.text(begin)} to {self.text(end)}"
                start = self.text(state.start)
                return f"solve[d{state.name}/d{time.name} = {self.text(field)}, {start} at {ends}]", _ATOM
            case ir.PathIntegral(path, integrand):
                ends = f"_{self.within(path.begin, _ATOM)}^{self.within(path.end, _ATOM)}"
                return f"int{ends} {self.within(integrand, _PRODUCT)} d{path.time.name}", _PRODUCT
            case ir.Permuted(value, _, _):
                return f"permuted({self.text(value)})", _ATOM
            case ir.NetCall(network, args, _, _, method):
                return f"{network}{'^{-1}' if method == 'inverse' else ''}({self._list(args)})", _ATOM
            case ir.Head(call, _, _, ir.LOG_DET) if call.method != "plain":
                return f"log |det {self.text(call)}|", _UNARY
            case ir.Head(call, _, None, int(position)) if call.method == "plain":
                return f"({self.text(call)})_{position + 1}", _ATOM
            case ir.Head(call, _, head):
                return self.text(call) + (f".{head}" if head else ""), _ATOM
            case ir.Law(label):
                return label, _ATOM
            case ir.LogProb(law, _, elementwise):
                return f"log {law.label}" + " by entry" * elementwise, _UNARY
            case ir.LinearChain(start=start, motion=motion, emission=emission):
                laws = " ".join(each.label for each in (start, motion, emission))
                return f"log int {laws}", _UNARY
            case ir.LinearFilter(chain):
                return f"filter({chain.state})", _ATOM
            case ir.Filtered(found, part):
                return f"{self.within(found, _ATOM)}.{part}", _ATOM
            case ir.LogProbAt(label):
                return f"log {label}", _UNARY
            case ir.Divergence(divergence, left, right, elementwise, arguments):
                order = f"_{{{self._list(arguments)}}}" if arguments else ""
                return f"{divergence}{order}[{left.label} || {right.label}]" + " by entry" * elementwise, _ATOM
            case ir.Entropy(law, elementwise):
                return f"H[{law.label}]" + " by entry" * elementwise, _ATOM
            case ir.Moment(law, kind):
                return f"{kind}[{law.label}]", _ATOM
        return self._arithmetic(node)

    def _arithmetic(self, node: ir.Node) -> tuple[str, int]:
        match node:
            case ir.Add(args):
                return self._sum(args), _SUM
            case ir.Neg(body):
                return f"-{self.within(body, _PRODUCT)}", _SUM
            case ir.Mul(args):
                return " * ".join(self.within(arg, _UNARY) for arg in args), _PRODUCT
            case ir.Div(top, bottom):
                return f"{self.within(top, _PRODUCT)} / {self.within(bottom, _UNARY)}", _PRODUCT
            case ir.Pow(base, exponent):
                return f"{self.within(base, _ATOM)}^{self.within(exponent, _ATOM)}", _POWER
            case ir.Apply("exp", (ir.LogProb(law),)):
                return law.label, _ATOM
            case ir.Apply("log", (ir.Apply("exp", (ir.LogProb(law),)),)):
                return f"log {law.label}", _UNARY
            case ir.Apply(function, args):
                return f"{function}({self._list(args)})", _ATOM
            case ir.Norm(body, order):
                return f"||{self.text(body)}||" + ("" if order == 2 else f"_{order:g}"), _ATOM
            case ir.Dot(left, right):
                return f"<{self.text(left)}, {self.text(right)}>", _ATOM
            case ir.MatMul(matrix, vector, turned):
                return f"{self.within(matrix, _ATOM)}{'^T' * turned} {self.within(vector, _ATOM)}", _PRODUCT
            case ir.JacobianTrace(body, wrt):
                return f"tr(jac_{self.text(wrt)}[{self.text(body)}])", _ATOM
            case ir.LogDetJacobian(body, wrt):
                return f"log |det jac_{self.text(wrt)}[{self.text(body)}]|", _UNARY
            case ir.LogAbsDet(matrix):
                return f"log |det {self.text(matrix)}|", _UNARY
            case ir.ChainSum(first, moves, steps, state):
                parts = "; ".join(self.text(each) for each in (first, moves, steps))
                return f"logsumexp_paths({state.name})[{parts}]", _ATOM
            case ir.ChainFilter(paths):
                return f"filter({paths.current.name})", _ATOM
            case ir.EventSum(body):
                return f"sum[{self.text(body)}]", _ATOM
            case ir.Stack(body, axis):
                return f"({self.text(body)} for all {axis.name})", _ATOM
            case ir.Entries(parts):
                return f"({self._list(parts)})", _ATOM
            case ir.Choice(category, parts):
                return f"({self._list(parts)})[{self.text(category)}]", _ATOM
            case ir.EventFunction(function, args):
                return f"{function}({self._list(args)})", _ATOM
            case ir.Entry(value, category):
                return f"[{self.text(value)}]_{{{self.text(category)}}}", _ATOM
            case ir.Nearest(value, rows, axis):
                return f"argmin_{axis.name}[||{self.text(value)} - {self.text(rows)}||]", _ATOM
            case ir.ArgMin(body, axis):
                return f"argmin_{axis.name}[{self.text(body)}]", _ATOM
            case ir.Along(value, axis):
                return f"[{self.text(value)}]_{axis.name}", _ATOM
            case ir.Dimension(value):
                return f"dim({self.text(value)})", _ATOM
            case ir.Component(value, position):
                return f"[{self.text(value)}]_{position}", _ATOM
            case ir.Jvp(head, places, tangents):
                args = head.call.args if isinstance(head, ir.Head) else ()
                along = (f"{self.text(args[i])}: {self.text(each)}" for i, each in zip(places, tangents, strict=True))
                return f"d[{self.text(head)}; {', '.join(along)}]", _ATOM
            case ir.Grad(body, wrt):
                return f"grad_{self.text(wrt)}[{self.text(body)}]", _ATOM
            case ir.StopGrad(body):
                return f"sg[{self.text(body)}]", _ATOM
            case ir.At(value, axis, ir.Index(other)) if other.of == axis:
                return f"{self.within(value, _ATOM)}[{other.name}]", _ATOM
            case ir.At(value, axis, index):
                return f"{self.within(value, _ATOM)}[{axis.name}={self.text(index)}]", _ATOM
            case ir.Reduce(op, axis, body):
                return f"{op}_{axis.name}[{self.text(body)}]", _ATOM
        return self._time(node)

    def _time(self, node: ir.Node) -> tuple[str, int]:
        match node:
            case ir.Carrying(body):
                return self._spelled(body)
            case ir.FirstStep(first, rest, time):
                return f"({self.text(first)} if {time.name} = 1 else {self.text(rest)})", _ATOM
            case ir.Shifted(body, time, by):
                return f"{self.within(body, _ATOM)}[{time.name}{by:+d}]", _ATOM
            case ir.AtStep(body, time, step):
                place = str(step) if step > 0 else "T" + (str(step) if step else "")
                return f"{self.within(body, _ATOM)}[{time.name}={place}]", _ATOM
            case ir.Picked(body, time, position):
                return f"{self.within(body, _ATOM)}[{time.name}={self.text(position)}]", _ATOM
            case ir.Running(op, body, time):
                return f"{op}_{{up to {time.name}}}[{self.text(body)}]", _ATOM
            case ir.LinearRecurrence(factor, rest, initial, time):
                parts = "; ".join(self.text(each) for each in (factor, rest, initial))
                return f"recurrence({time.name})[{parts}]", _ATOM
            case ir.Window(body, time, first, last):
                return f"({self.text(body)} for {time.name} from {first} to T{-last or ''})", _ATOM
            case ir.Sequence(body, time):
                return f"({self.text(body)} for all {time.name})", _ATOM
            case ir.Lengths():
                return "lengths", _ATOM
            case ir.Start(name):
                return f"{name}[start]", _ATOM
            case ir.Steps(body, _):
                return self._spelled(body)
            case ir.Prefix(body, time, backward):
                return f"{self.within(body, _ATOM)}[{f'{time.name}:' if backward else f':{time.name}'}]", _ATOM
            case ir.Pair(parts):
                return f"({self._list(parts)})", _ATOM
        raise TypeError(f"no text for {type(node).__name__}")

    def _list(self, nodes: tuple[ir.Node, ...]) -> str:
        return ", ".join(self.text(each) for each in nodes)

    def _sum(self, args: tuple[ir.Node, ...]) -> str:
        text = self.within(args[0], _SUM)
        for arg in args[1:]:
            minus, bare = _signed(arg)
            text += f" {'-' if minus else '+'} {bare if isinstance(bare, str) else self.within(bare, _PRODUCT)}"
        return text


def _signed(node: ir.Node) -> tuple[bool, ir.Node | str]:
    """A summand without its minus."""
    match node:
        case ir.Neg(body):
            return True, body
        case ir.Const(value) if value < 0:
            return True, f"{-value:g}"
    return False, node
