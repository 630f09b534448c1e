"""What both dialects of the printer share: which node needs brackets where."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.syntax import tree
from formula2dgm.syntax.binders import are_copies, joining
from formula2dgm.syntax.precedence import (
    ATOM,
    FACTOR,
    OPENERS,
    OPERATOR_NAMES,
    PRODUCT,
    SUM,
    begins_with_optimiser,
    ends_in_integral,
    has_bare_op,
    is_label,
    is_signed,
    level_of,
    tail,
    takes_brackets,
)
from formula2dgm.syntax.spelling import Spelling, printed_name


class Printer(Spelling):
    """Prints a tree. Subclasses spell; this class places brackets."""

    # -- places --------------------------------------------------------------------------------------------

    def formula(self, node: tree.Node) -> str:
        """A statement's body, or what stands alone in a pair of brackets."""
        match node:
            case tree.Statement():
                players = ", ".join(self.text(each, ATOM) for each in node.players)
                return f"{players}: {self.formula(node.body)}" if players else self.formula(node.body)
            case tree.Optimise():
                return self.optimiser(node, self._objective(node.body))
            case tree.Chain():
                return self._chain(node)
            case tree.Draws() | tree.Binds() | tree.Relates() | tree.Range() | tree.OpenRange():
                return self.item(node)
        text = self.text(node, SUM)
        return self.bracketed(text) if begins_with_optimiser(node) else text

    def text(self, node: tree.Node, level: int) -> str:
        """A node in a place for things that bind at least so tightly."""
        if isinstance(node, tree.Symbol) and node.letter in OPERATOR_NAMES and not node.accents and level > SUM:
            return self.bracketed(self.atom(node))
        if level_of(node) < level or (isinstance(node, tree.Div) and level == FACTOR):
            return self.bracketed(self.formula(node))
        match node:
            case tree.Add():
                return self._sum(node)
            case tree.Neg():
                return "-" + self.text(node.body, PRODUCT)
            case tree.Mul():
                return self._product(node)
            case tree.Div():
                return self.quotient(node)
            case tree.Prefix():
                return self._prefix(node)
            case tree.Big():
                return f"{self.big_name(node)} {self._big_body(node)}"
            case tree.Expect(open=True):
                body = self.open_body(node.body)
                return self.expectation(node, "{}" + body if body.startswith(OPENERS) else body)
            case tree.Power():
                return self.power(node)
            case tree.Evaluated():
                return self.evaluated(node)
        return self.atom(node)

    def indexed(self, node: tree.Indexed) -> str:
        """An index, on what has brackets of its own or is given some."""
        bracketed = (
            tree.Call | tree.Func | tree.SetOf | tree.SetWhere | tree.Tuple | tree.Interval | tree.Cases | tree.Matrix
        )
        own = isinstance(node.body, bracketed)
        body = self.text(node.body, ATOM) if own else self.bracketed(self.formula(node.body))
        return body + self.sub(node.index)

    def _objective(self, body: tree.Node) -> str:
        """What an operator at the head of a statement optimises: all of it."""
        if isinstance(body, tree.Chain) and any(isinstance(each, tree.Optimise) for each in body.members):
            return self.bracketed(self.formula(body))
        return self.formula(body)

    def _chain(self, node: tree.Chain) -> str:
        later = any(isinstance(each, tree.Optimise) for each in node.members[1:])
        pieces = []
        for n, member in enumerate(node.members):
            bare = isinstance(member, tree.Optimise) and (n > 0 or later)
            text = self._last(member) if bare else self.text(member, SUM)
            pieces.append(self.bracketed(text) if begins_with_optimiser(member) else text)
            if n < len(node.relations):
                pieces.append(self.relation(node.relations[n]))
        return " ".join(pieces)

    def _last(self, node: tree.Node) -> str:
        """A term that may reach to the end of its sum."""
        if isinstance(node, tree.Optimise):
            body = node.body
            return self.optimiser(node, self._last(body) if isinstance(body, tree.Optimise) else self.text(body, SUM))
        return self.text(node, PRODUCT)

    # -- sums and products ---------------------------------------------------------------------------------

    def plus(self, sign: str) -> str:
        """A sign between two terms."""
        return f" {sign} "

    def _sum(self, node: tree.Add) -> str:
        pieces: list[str] = []
        for n, term in enumerate(node.terms):
            negative = isinstance(term, tree.Neg)
            inner = term.body if isinstance(term, tree.Neg) else term
            pieces.append(("-" if negative else "") if n == 0 else self.plus("-" if negative else "+"))
            if n == 0 and not negative and begins_with_optimiser(inner):
                pieces.append(self.bracketed(self.text(inner, PRODUCT)))
            else:
                pieces.append(self.text(inner, PRODUCT))
        return "".join(pieces)

    def _product(self, node: tree.Mul) -> str:
        texts = [self._factor(node, n) for n in range(len(node.factors))]
        for n in reversed(range(len(node.ops))):
            if node.ops[n] == "" and texts[n + 1].startswith(OPENERS) and takes_brackets(node.factors[n]):
                texts[n] = texts[n] if texts[n].startswith(OPENERS) else self.bracketed(texts[n])
        signs = [self.operator(op) if op else " " for op in node.ops]
        return "".join(piece for pair in zip(texts, [*signs, ""], strict=True) for piece in pair)

    def _factor(self, node: tree.Mul, n: int) -> str:
        factor, last = node.factors[n], n == len(node.factors) - 1
        op = "" if last else node.ops[n]
        ends = tail(factor)
        before = node.ops[n - 1] if n else "first"
        if isinstance(factor, tree.Div):
            return self.factor_quotient(factor, n == 0, op, last)
        if ends and not last and not (ends == "prefix" and op):
            return self.bracketed(self.formula(factor))
        if isinstance(factor, tree.Labelled) and before == "" and is_signed(factor.body):
            return self.bracketed(self.formula(factor))
        if before == "" and isinstance(factor, tree.Abs | tree.Norm):
            return self.modulus_behind(factor)
        if op == "" and not last and isinstance(factor, tree.Symbol) and factor.letter == "E" and factor.sub:
            return self.bracketed(self.formula(factor))
        if isinstance(factor, tree.Mul | tree.Evaluated):
            return self.bracketed(self.formula(factor))
        return self.text(factor, PRODUCT)

    def factor_quotient(self, node: tree.Div, first: bool, op: str, last: bool) -> str:
        """A quotient as a factor."""
        return self.text(node, PRODUCT)

    def modulus_behind(self, node: tree.Abs | tree.Norm) -> str:
        """An absolute value or norm behind a juxtaposed factor."""
        return self.text(node, ATOM)

    def _prefix(self, node: tree.Prefix) -> str:
        name = self.function_name(printed_name(node), node.sub)
        operand = self.open_body(node.operand)
        low = level_of(node.operand) < PRODUCT and not isinstance(node.operand, tree.Neg)
        low |= isinstance(node.operand, tree.Evaluated)
        if low or has_bare_op(node.operand):
            return name + self.bracketed(self.formula(node.operand))
        if operand.startswith(OPENERS):
            return f"{name} {{}}{operand}"
        return f"{name} {operand}"

    def open_body(self, node: tree.Node) -> str:
        """What follows a sum, an expectation or a function that has no brackets."""
        if isinstance(node, tree.Evaluated):
            return self.bracketed(self.formula(node))
        if isinstance(node, tree.Neg):
            return "-" + self.text(node.body, PRODUCT)
        return self.text(node, PRODUCT)

    def _big_body(self, node: tree.Big) -> str:
        return self.open_body(node.body) if node.open else self.bracketed(self.formula(node.body))

    # -- powers --------------------------------------------------------------------------------------------

    def power(self, node: tree.Power) -> str:
        base = node.base
        turned = (
            isinstance(base, tree.Number) and isinstance(node.exponent, tree.Symbol) and node.exponent.letter == "top"
        )
        plain = (
            not turned
            and not isinstance(base, tree.Labelled | tree.Integral)
            and not (isinstance(base, tree.Symbol) and base.sup)
        )
        if is_label(base, node.exponent) or not plain:
            return self.bracketed(self.formula(base)) + self.sup(node.exponent)
        return self.text(base, ATOM) + self.sup(node.exponent)

    def scripts(self, node: tree.Symbol) -> str:
        """A name's subscript and labels; of an ``E`` the labels first, for ``E_q(z|x)[…]`` is an expectation."""
        sub = self.sub(node.sub) if node.sub else ""
        return self.labels(node.sup) + sub if node.letter == "E" else sub + self.labels(node.sup)

    def head(self, node: tree.Node) -> str:
        """What stands before the bracket of a call."""
        if isinstance(node, tree.Power):
            return self.text(node.base, ATOM) + self.sup(node.exponent)
        if isinstance(node, tree.Call):
            return f"{self.head(node.head)}[{self.arguments(node)}]"
        return self.text(node, ATOM)

    def integrand(self, node: tree.Integral) -> str:
        """The body of an integral; one that ends in an integral of its own is put in brackets."""
        if ends_in_integral(node.body):
            return self.bracketed(self.formula(node.body))
        return self.text(node.body, PRODUCT)

    def arguments(self, node: tree.Call) -> str:
        """What stands in a call's bracket; the mutual information I(x; z | y) has its bar last."""
        informs = isinstance(node.head, tree.Symbol) and node.head.letter == "I"
        inside = self.items(node.args)
        parameters = "; " + self.items(node.params) if node.params is not None else ""
        inside += parameters if informs else ""
        if node.given is not None:
            given = self.items(node.given)
            inside += self.bar(inside, given) + given
        return inside if informs else inside + parameters

    def tuple_items(self, node: tree.Tuple) -> str:
        """The items of a tuple; an optimiser at its head would reach over all of them."""
        return ", ".join(
            self.bracketed(self.formula(each)) if isinstance(each, tree.Optimise) else self.text(each, SUM)
            for each in node.items
        )

    # -- lists ---------------------------------------------------------------------------------------------

    def items(self, nodes: Sequence[tree.Node], joined: bool = False) -> str:
        """A list; ``joined``: in a subscript, where names before ``name ~ density`` would join it."""
        texts = []
        for n, node in enumerate(nodes):
            alone = joined and isinstance(node, tree.Draws) and len(node.names) == 1 and joining(nodes[:n], node) > 0
            texts.append(self.item(node, alone))
        return ", ".join(texts)

    def item(self, node: tree.Node, closed: bool = False) -> str:
        """One item of a list or a subscript."""
        match node:
            case tree.Draws():
                names = self.items(node.names)
                together = len(node.names) > 1 and (node.joint or not are_copies(node.names))
                names = self.bracketed(names) if together or closed else names
                return f"{names} {self.relation('~')} {self.text(node.density, SUM)}"
            case tree.Binds():
                return f"{self.text(node.name, SUM)}={self.text(node.value, SUM)}"
            case tree.Relates():
                op = self.relation(node.op)
                op = op if op == "|" else f" {op} "
                return self.text(node.left, SUM) + op + self.text(node.right, SUM)
            case tree.Range():
                lower = self.text(node.lower, SUM)
                colon = " : " if "_" in lower or "^" in lower else ":"
                return lower + colon + self.text(node.upper, SUM)
            case tree.OpenRange():
                op = self.relation(node.op)
                return op + (" " if op[-1].isalpha() else "") + self.text(node.bound, SUM)
            case tree.Chain() if len(node.relations) > 1:
                return self._chain(node)
        return self.text(node, SUM)
