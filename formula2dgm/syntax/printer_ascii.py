"""The plain-text dialect of the printer."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.syntax import tree
from formula2dgm.syntax.precedence import ATOM, FACTOR, PRODUCT, SET_FAMILIES, SUM, level_of, tail
from formula2dgm.syntax.printing import Printer
from formula2dgm.syntax.spelling import printed_name
from formula2dgm.syntax.vocabulary import GREEK

_SIGNS = {"star": "*", "plus": "+", "minus": "-"}


class AsciiPrinter(Printer):
    """``E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]``."""

    def __init__(self) -> None:
        self.tight = False

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def operator(self, op: str) -> str:
        return f" {op} "

    def relation(self, op: str) -> str:
        return op

    def plus(self, sign: str) -> str:
        return sign if self.tight else f" {sign} "

    # -- scripts -------------------------------------------------------------------------------------------

    def sub(self, items: Sequence[tree.Node], *, joined: bool = False) -> str:
        if len(items) == 1 and _is_bare(items[0]):
            return "_" + self.text(items[0], ATOM)
        kept, self.tight = self.tight, not joined
        text = self.items(items, joined=True)
        self.tight = kept
        return "_{" + text + "}"

    def sup(self, node: tree.Node) -> str:
        if isinstance(node, tree.Symbol) and node.letter == "top" and not (node.sub or node.sup or node.accents):
            return "^T"
        if _is_bare(node):
            return "^" + self.text(node, ATOM)
        kept, self.tight = self.tight, True
        text = self.formula(node)
        self.tight = kept
        return "^{" + text + "}"

    def labels(self, items: Sequence[tree.Node]) -> str:
        """Superscripts that are no powers."""
        if not items:
            return ""
        if len(items) == 1 and isinstance(items[0], tree.Symbol) and items[0].letter in (*_SIGNS, "dagger"):
            sign = _SIGNS.get(items[0].letter, items[0].letter)
            return "^*" if sign == "*" else "^{" + sign + "}"
        kept, self.tight = self.tight, True
        text = ", ".join(self._label(each) for each in items)
        self.tight = kept
        return "^{(" + text + ")}"

    def _label(self, node: tree.Node) -> str:
        if isinstance(node, tree.Symbol) and not (node.accents or node.sub or node.sup):
            return _SIGNS.get(node.letter) or self.item(node)
        return self.item(node)

    # -- atoms ---------------------------------------------------------------------------------------------

    def atom(self, node: tree.Node) -> str:
        match node:
            case tree.Number():
                return node.text
            case tree.Symbol():
                accents = "".join("'" if each == "prime" else f"_{each}" for each in node.accents)
                return node.style + node.letter + accents + self.scripts(node)
            case tree.Infinity():
                return "infty"
            case tree.Ellipsis():
                return "..."
            case tree.Blank():
                return "."
            case tree.Call():
                return self._call(node)
            case tree.Func():
                return f"{self.function_name(printed_name(node), node.sub)}({self.items(node.args)})"
            case tree.Sqrt():
                degree = f"[{self.formula(node.degree)}]" if node.degree is not None else ""
                return f"sqrt{degree}({self.formula(node.body)})"
            case tree.Abs():
                return self._modulus(node, "|", "abs")
            case tree.Norm():
                return self._modulus(node, "||", "norm")
            case tree.Expect():
                return f"E{self._binders(node.binders, False)}[{self._conditional(node)}]"
            case tree.Cases():
                return f"cases({'; '.join(map(self._case, node.cases))})"
            case tree.Matrix():
                return f"matrix({'; '.join(self.tuple_items(each) for each in node.rows)})"
            case tree.Divergence():
                sub = self.sub(node.sub) if node.sub else ""
                return f"{node.name}{sub}[{self.text(node.left, SUM)} || {self.text(node.right, SUM)}]"
            case tree.Indexed():
                return self.indexed(node)
            case tree.Integral():
                return self._integral(node)
            case tree.Labelled():
                return f'underbrace({self.formula(node.body)}, "{node.label}")'
            case tree.Tuple():
                return f"({self.tuple_items(node)})"
            case tree.SetOf():
                return "{" + self.items(node.items) + "}"
            case tree.SetWhere():
                return "{" + f"{self.item(node.element)} : {self.items(node.conditions)}" + "}"
            case tree.Interval():
                return f"{node.ends[0]}{self.text(node.lower, SUM)}, {self.text(node.upper, SUM)}{node.ends[1]}"
        return self.item(node)

    def _conditional(self, node: tree.Expect) -> str:
        if node.given is None:
            return self.formula(node.body)
        body = self.text(node.body, SUM)
        return f"{f'({body})' if _bar_outside_brackets(body) else body} | {self.items(node.given)}"

    def _case(self, node: tree.Case) -> str:
        value = self.text(node.value, SUM)
        return f"{value} otherwise" if node.condition is None else f"{value} if {self.item(node.condition)}"

    def evaluated(self, node: tree.Evaluated) -> str:
        return f"({self.formula(node.body)})|{self.sub(node.at)}"

    def bar(self, left: str, given: str) -> str:
        return " | " if left.endswith("|") or given.startswith("|") else "|"

    def _call(self, node: tree.Call) -> str:
        head, args = self.head(node.head), node.args
        kept, self.tight = self.tight, False
        family = isinstance(node.head, tree.Symbol) and node.head.letter in SET_FAMILIES
        if family and len(args) == 1 and isinstance(args[0], tree.SetOf) and node.given is None and node.params is None:
            text = head + self.text(args[0], ATOM)
        else:
            text = f"{head}({self.arguments(node)})"
        self.tight = kept
        return text

    def _modulus(self, node: tree.Abs | tree.Norm, bar: str, word: str) -> str:
        order = self.sub((node.order,)) if isinstance(node, tree.Norm) and node.order is not None else ""
        body = self.text(node.body, SUM)
        if _bar_outside_brackets(body):
            return f"{word}({body}){order}"
        return f"{bar}{body}{bar}{order}"

    def modulus_behind(self, node: tree.Abs | tree.Norm) -> str:
        order = self.sub((node.order,)) if isinstance(node, tree.Norm) and node.order is not None else ""
        return f"{'abs' if isinstance(node, tree.Abs) else 'norm'}({self.text(node.body, SUM)}){order}"

    def _integral(self, node: tree.Integral) -> str:
        bounds = self.sub((node.lower,)) if node.lower is not None else ""
        bounds += self.sup(node.upper) if node.upper is not None else ""
        return f"int{bounds} {self.integrand(node)}" + "".join(self._differential(v) for v in node.variables)

    def _differential(self, node: tree.Node) -> str:
        if isinstance(node, tree.Call):
            return f" d {self.text(node, ATOM)}"
        text = self.text(node, ATOM)
        short = isinstance(node, tree.Symbol) and not node.style and (len(node.letter) == 1 or node.letter in GREEK)
        return f" d{text}" if short else f" d {text}"

    # -- operators -----------------------------------------------------------------------------------------

    def function_name(self, name: str, sub: Sequence[tree.Node]) -> str:
        return name + (self.sub(sub) if sub else "")

    def big_name(self, node: tree.Big) -> str:
        upper = self.sup(node.upper) if node.upper is not None else ""
        return node.op + (self.sub(node.binders, joined=True) if node.binders else "_{}") + upper

    def expectation(self, node: tree.Expect, body: str) -> str:
        """``EE`` is the expectation that no one can take for a name, as in ``E_i - x``."""
        sure = any(isinstance(each, tree.Draws) for each in node.binders) or not body.startswith("-")
        return f"{'E' if sure else 'EE'}{self._binders(node.binders, True)} {body}"

    def _binders(self, binders: Sequence[tree.Node], opened: bool) -> str:
        if not binders:
            return "_{}" if opened else ""
        one = binders[0] if len(binders) == 1 else None
        head = one.head if isinstance(one, tree.Call) else one
        if isinstance(head, tree.Symbol) and not (opened or head.sub or head.sup or head.accents or head.style):
            return "_" + self.text(one or head, ATOM)
        return self.sub(binders, joined=True)

    def optimiser(self, node: tree.Optimise, body: str) -> str:
        empty = "_{}" if body.startswith(("(", "[", "{")) else ""
        return f"{node.op}{self.sub(node.names, joined=True) if node.names else empty} {body}"

    # -- quotients -----------------------------------------------------------------------------------------

    def quotient(self, node: tree.Div) -> str:
        above, below = node.numerator, node.denominator
        bare = level_of(above) >= PRODUCT and not tail(above)
        top = self.text(above, PRODUCT) if bare else self.bracketed(self.formula(above))
        slash = "/" if isinstance(above, tree.Number) and isinstance(below, tree.Number | tree.Symbol) else " / "
        return f"{top}{slash}{self.text(below, FACTOR)}"

    def factor_quotient(self, node: tree.Div, first: bool, op: str, last: bool) -> str:
        simple = isinstance(node.denominator, tree.Number | tree.Symbol)
        clear = (isinstance(node.numerator, tree.Number) and simple) or bool(op)
        if first and clear:
            return self.quotient(node)
        return self.bracketed(self.formula(node))


def _is_bare(node: tree.Node) -> bool:
    """Whether a script needs no braces around this node."""
    if isinstance(node, tree.Number):
        return node.text.isdigit()
    return (
        isinstance(node, tree.Symbol)
        and not (node.accents or node.sub or node.sup or node.style)
        and node.letter not in (*_SIGNS, "dagger")
    )


def _bar_outside_brackets(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "|" and depth == 0:
            return True
    return False
