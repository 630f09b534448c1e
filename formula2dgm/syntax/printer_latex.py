"""The LaTeX dialect of the printer."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.syntax import tree
from formula2dgm.syntax.precedence import ATOM, OPENERS, SET_FAMILIES, SUM
from formula2dgm.syntax.printing import Printer
from formula2dgm.syntax.spelling import printed_name
from formula2dgm.syntax.vocabulary import CONSTANTS, GREEK, STEP_LENGTHS

_COMMANDS = frozenset("log exp tanh det sin cos tan sinh cosh arctan min max inf sup".split())
_NAMES = {"Normal": r"\mathcal{N}", "Uniform": r"\mathcal{U}", "top": r"\top", "dagger": r"\dagger", "star": r"\star"}
_SIGNS = {"star": "*", "plus": "+", "minus": "-"}
_OPERATORS = {"dot": r"\cdot", "times": r"\times", "odot": r"\odot", "circ": r"\circ", "*": "*"} | {
    each: "\\" + each for each in ("oplus", "otimes", "ominus", "wedge", "vee", "cup", "cap", "setminus")
}
_RELATIONS = {
    "<=": r"\le", ">=": r"\ge", "!=": r"\ne", "~=": r"\approx", "propto": r"\propto", "in": r"\in", "~": r"\sim",
    "->": r"\to", ":=": r"\coloneqq",
    "succ": r"\succ", "prec": r"\prec", "notin": r"\notin", "subset": r"\subset", "|": r"\mid",
}  # fmt: skip


def _ends_derivative(operand: tree.Node) -> bool:
    """Whether a sign, or a later factor printed as ``\\frac{\\partial}{\\partial x}``, would end a derivative."""
    if isinstance(operand, tree.Neg):
        return True
    later = operand.factors[1:] if isinstance(operand, tree.Mul) else ()
    return any(isinstance(each, tree.Prefix) and each.name == "jac" for each in later)


class LatexPrinter(Printer):
    """``\\mathbb{E}_{q(z \\mid x)}\\left[\\log p(x \\mid z)\\right]``."""

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def operator(self, op: str) -> str:
        return f" {_OPERATORS[op]} "

    def relation(self, op: str) -> str:
        return _RELATIONS.get(op, op)

    # -- scripts -------------------------------------------------------------------------------------------

    def sub(self, items: Sequence[tree.Node], *, joined: bool = False) -> str:
        return "_{" + self.items(items, joined=True) + "}"

    def sup(self, node: tree.Node) -> str:
        return "^{" + self.formula(node) + "}"

    def labels(self, items: Sequence[tree.Node]) -> str:
        """Superscripts that are no powers."""
        if not items:
            return ""
        if len(items) == 1 and isinstance(items[0], tree.Symbol) and items[0].letter in (*_SIGNS, "dagger"):
            return "^{" + _SIGNS.get(items[0].letter, r"\dagger") + "}"
        return "^{(" + ", ".join(self._label(each) for each in items) + ")}"

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
                return self._symbol(node)
            case tree.Infinity():
                return r"\infty"
            case tree.Ellipsis():
                return r"\dots"
            case tree.Blank():
                return r"\cdot"
            case tree.Call():
                return self._call(node)
            case tree.Func(name="jac"):
                sub = self.sub(node.sub) if node.sub else ""
                return rf"\operatorname{{{printed_name(node)}}}{sub}({self.items(node.args)})"
            case tree.Func():
                return f"{self.function_name(printed_name(node), node.sub)}({self.items(node.args)})"
            case tree.Sqrt():
                degree = f"[{self.formula(node.degree)}]" if node.degree is not None else ""
                return rf"\sqrt{degree}{{{self.formula(node.body)}}}"
            case tree.Abs():
                body = self.text(node.body, SUM)
                nested = body.startswith(r"\lvert") or body.endswith(r"\rvert")
                return rf"\lvert {{{body}}} \rvert" if nested else rf"\lvert {body} \rvert"
            case tree.Norm():
                order = self.sub((node.order,)) if node.order is not None else ""
                return rf"\lVert {self.text(node.body, SUM)} \rVert{order}"
            case tree.Expect():
                binders = self.sub(node.binders, joined=True) if node.binders else ""
                return rf"\mathbb{{E}}{binders}\left[{self._conditional(node)}\right]"
            case tree.Cases():
                rows = r" \\ ".join(map(self._case, node.cases))
                return rf"\begin{{cases}} {rows} \end{{cases}}"
            case tree.Matrix():
                rows = r" \\ ".join(" & ".join(self.text(e, SUM) for e in row.items) for row in node.rows)
                return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
            case tree.Divergence():
                return self._divergence(node)
            case tree.Indexed():
                return self.indexed(node)
            case tree.Integral():
                return self._integral(node)
            case tree.Labelled():
                label = node.label.replace("_", r"\_")
                return rf"\underbrace{{{self.formula(node.body)}}}_{{\text{{{label}}}}}"
            case tree.Tuple():
                return f"({self.tuple_items(node)})"
            case tree.SetOf():
                return rf"\{{{self.items(node.items)}\}}"
            case tree.SetWhere():
                return rf"\{{{self.item(node.element)} : {self.items(node.conditions)}\}}"
            case tree.Interval():
                return f"{node.ends[0]}{self.text(node.lower, SUM)}, {self.text(node.upper, SUM)}{node.ends[1]}"
        return self.item(node)

    def _conditional(self, node: tree.Expect) -> str:
        if node.given is None:
            return self.formula(node.body)
        return rf"{self.text(node.body, SUM)} \mid {self.items(node.given)}"

    def _case(self, node: tree.Case) -> str:
        value = self.text(node.value, SUM)
        condition = r"\text{otherwise}" if node.condition is None else rf"\text{{if }} {self.item(node.condition)}"
        return f"{value} & {condition}"

    def evaluated(self, node: tree.Evaluated) -> str:
        return rf"\left. {self.formula(node.body)} \right|{self.sub(node.at)}"

    def _symbol(self, node: tree.Symbol) -> str:
        text = self._letter(node)
        for accent in node.accents:
            text = text + "'" if accent == "prime" else rf"\{accent}{{{text}}}"
        return text + self.scripts(node)

    def _letter(self, node: tree.Symbol) -> str:
        letter = node.letter
        if node.style:
            return rf"\math{node.style}{{{letter}}}"
        if letter in STEP_LENGTHS:
            return rf"\Delta {STEP_LENGTHS[letter]}"
        if letter in GREEK or (letter in CONSTANTS and letter not in _NAMES):
            return "\\" + letter
        return _NAMES.get(letter, letter if len(letter) == 1 else rf"\mathrm{{{letter}}}")

    def _call(self, node: tree.Call) -> str:
        head, args = self.head(node.head), node.args
        family = isinstance(node.head, tree.Symbol) and node.head.letter in SET_FAMILIES
        if family and len(args) == 1 and isinstance(args[0], tree.SetOf) and node.given is None and node.params is None:
            return head + self.text(args[0], ATOM)
        return f"{head}({self.arguments(node)})"

    def bar(self, left: str, given: str) -> str:
        return r" \mid "

    def _divergence(self, node: tree.Divergence) -> str:
        name = node.name if len(node.name) == 1 else rf"\mathrm{{{node.name}}}"
        name = "\\" + node.name if node.name in GREEK else name
        sub = self.sub(node.sub) if node.sub else ""
        return rf"{name}{sub}\left[{self.text(node.left, SUM)} \,\|\, {self.text(node.right, SUM)}\right]"

    def _integral(self, node: tree.Integral) -> str:
        bounds = self.sub((node.lower,)) if node.lower is not None else ""
        bounds += self.sup(node.upper) if node.upper is not None else ""
        variables = "".join(rf" \, d{self.text(each, ATOM)}" for each in node.variables)
        return rf"\int{bounds} {self.integrand(node)}{variables}"

    # -- operators -----------------------------------------------------------------------------------------

    def function_name(self, name: str, sub: Sequence[tree.Node]) -> str:
        if name == "div":
            return r"\nabla" + (self.sub(sub) if sub else "") + r" \cdot "
        if name == "deriv" and sub:
            return rf"\frac{{d}}{{d {self.items(sub)}}}"
        if name == "jac" and sub:
            return rf"\frac{{\partial}}{{\partial {self.items(sub)}}}"
        if name == "hess":
            return r"\nabla" + (self.sub(sub) if sub else "") + "^{2}"
        special = {"grad": r"\nabla", "partial": r"\partial", "H": r"\mathcal{H}"}
        text = special.get(name) or ("\\" + name if name in _COMMANDS else rf"\operatorname{{{name}}}")
        return text + (self.sub(sub) if sub else "")

    def _prefix(self, node: tree.Prefix) -> str:
        """A function without brackets; behind the fraction of a derivative a bracket holds all of its argument."""
        operand = self.open_body(node.operand)
        if node.name == "jac" and node.sub and (operand.startswith(OPENERS) or _ends_derivative(node.operand)):
            return self.function_name(printed_name(node), node.sub) + " " + self.bracketed(self.formula(node.operand))
        return super()._prefix(node)

    def big_name(self, node: tree.Big) -> str:
        bounds = self.sub(node.binders, joined=True) if node.binders else ""
        if node.op in ("argmin", "argmax"):
            return rf"\arg\{node.op.removeprefix('arg')}" + bounds
        return "\\" + node.op + bounds + (self.sup(node.upper) if node.upper is not None else "")

    def expectation(self, node: tree.Expect, body: str) -> str:
        binders = self.sub(node.binders, joined=True) if node.binders else ""
        return rf"\mathbb{{E}}{binders} {body}"

    def optimiser(self, node: tree.Optimise, body: str) -> str:
        name = {"argmin": r"\arg\min", "argmax": r"\arg\max"}.get(node.op, "\\" + node.op)
        empty = "_{}" if body.startswith(("(", "[", r"\{", r"\left")) else ""
        return f"{name}{self.sub(node.names, joined=True) if node.names else empty} {body}"

    def quotient(self, node: tree.Div) -> str:
        return rf"\frac{{{self.formula(node.numerator)}}}{{{self.formula(node.denominator)}}}"
