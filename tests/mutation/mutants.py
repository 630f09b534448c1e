"""All mutants of a file: each is one small change of its code, as the text to put in place of another.

Left alone are docstrings, annotations, decorators, imports, assertions (they speak to the type checker), the texts of
errors and of comments in what is written, and what a sum of strings or lists would only make a type error of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
#: What is written differently in a text that becomes code: the first that applies.
WRITTEN = (
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " / "),
    (" / ", " * "),
    ("**", "*"),
    (" == ", " != "),
    (" != ", " == "),
    (" <= ", " < "),
    (" < ", " <= "),
    (" not ", " "),
    (" is None", " is not None"),
    ("True", "False"),
    ("False", "True"),
)
GENERIC = {"Literal", "Callable", "Iterable", "Iterator", "Mapping", "Sequence", "tuple", "dict", "list", "set", "type"}
#: Calls whose texts a person reads and no program does.
PROSE = re.compile(r"(\w*(Error|Exception|Warning)|Diagnostic|Assumption|comment|warn|cast|TypeVar|NewType)$")
PROSE_NAMES = {"hint", "message", "problem", "__all__"}


@dataclass(frozen=True)
class Mutant:
    """One change: what is written in place of ``[start, end)``, and where it stands."""

    path: str
    kind: str
    line: int
    start: int
    end: int
    old: str
    new: str
    #: The lines of the statement that it stands in; none where it runs when the module is imported.
    lines: tuple[int, int] | None
    function: str

    def applied(self, text: str) -> str:
        """The file with the change."""
        made = text.encode()
        return (made[: self.start] + self.new.encode() + made[self.end :]).decode()

    def parses(self, text: str) -> bool:
        """Is the file with the change a program?"""
        try:
            ast.parse(self.applied(text))
        except SyntaxError:
            return False
        return True


def mutants(path: str, text: str, sentences: bool) -> Iterator[Mutant]:
    """All mutants of a file; ``sentences`` says whether texts with spaces in them are code."""
    return _File(path, text, sentences).found()


class _File:
    def __init__(self, path: str, text: str, sentences: bool) -> None:
        self.path, self.text, self.sentences = path, text, sentences
        self.bytes = text.encode()
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.tree = ast.parse(text)
        self.anchor: ast.expr | None = None
        self.statement: ast.stmt | None = None
        self.functions: list[str] = []

    def found(self) -> Iterator[Mutant]:
        yield from self._children(self.tree)

    # -- walking ---------------------------------------------------------------------------------------

    def _children(self, node: ast.AST) -> Iterator[Mutant]:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "format_spec", "type_comment"):
                continue
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST):
                    yield from self._visit(node, name, index if isinstance(value, list) else None, child)

    def _visit(self, parent: ast.AST, name: str, index: int | None, node: ast.AST) -> Iterator[Mutant]:
        if self._skipped(parent, node):
            return
        outer = self.anchor, self.statement
        if isinstance(node, ast.stmt):
            self.statement = node
            yield from self._of_statement(node)
        if isinstance(node, ast.expr):
            for kind, new in self._of_expression(node):
                yield from self._changed(kind, parent, name, index, node, new)
            if isinstance(node, ast.JoinedStr) and self.anchor is None:
                self.anchor = node
        if isinstance(node, ast.FunctionDef):
            yield from self._children(node.args)
            self.functions.append(node.name)
            for place, each in enumerate(node.body):
                yield from self._visit(node, "body", place, each)
            self.functions.pop()
        else:
            yield from self._children(node)
        self.anchor, self.statement = outer

    def _skipped(self, parent: ast.AST, node: ast.AST) -> bool:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert():
                return True
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return True
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
                return name in PROSE_NAMES
            case ast.Subscript(value=ast.Name(id=name)):
                return name in GENERIC
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return bool(PROSE.match(name))
            case ast.keyword(arg=name):
                return name in PROSE_NAMES
        return False

    # -- changes ---------------------------------------------------------------------------------------

    def _of_statement(self, node: ast.stmt) -> Iterator[Mutant]:
        match node:
            case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
                yield self._at("statement removed", node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) if self.functions:
                yield self._at("statement removed", node, "pass")
            case ast.Return(value=value) if value is not None and ast.unparse(value) != "None":
                yield self._at("nothing returned", node, "return None")

    def _of_expression(self, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        match node:
            case ast.BinOp(left, operator, right) if not (_is_text(left) or _is_text(right)):
                if type(operator) in ARITHMETIC:
                    yield "operator", ast.BinOp(left, ARITHMETIC[type(operator)](), right)
                elif isinstance(operator, ast.MatMult):
                    yield "operands swapped", ast.BinOp(right, operator, left)
            case ast.Compare(left, [operator, *others], values):
                yield "comparison", ast.Compare(left, [COMPARISONS[type(operator)](), *others], values)
            case ast.BoolOp(operator, values):
                yield "boolean operator", ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
            case ast.UnaryOp(ast.Not() | ast.USub(), operand):
                yield "negation removed", operand
            case ast.IfExp(test, body, orelse):
                yield "branches swapped", ast.IfExp(test, orelse, body)
            case ast.Constant(bool() as value):
                yield "constant", ast.Constant(not value)
            case ast.Constant(int() as value):
                yield "constant", ast.Constant(value + 1)
            case ast.Constant(float() as value):
                yield "constant", ast.Constant(value * 2 if value else 1.0)
            case ast.Constant(str() as value) if value.strip() and (self.sentences or " " not in value):
                yield "text", ast.Constant(_written_otherwise(value))
            case ast.Call(func, [first, second, *others], keywords) if ast.unparse(func) != "isinstance":
                if not any(isinstance(each, ast.Starred) for each in (first, second)):
                    if ast.unparse(first) != ast.unparse(second):
                        yield "arguments swapped", ast.Call(func, [second, first, *others], keywords)

    def _changed(
        self, kind: str, parent: ast.AST, name: str, index: int | None, node: ast.expr, new: ast.expr
    ) -> Iterator[Mutant]:
        """The change of an expression; one inside an f-string writes the whole string anew."""
        if self.anchor is None:
            text = ast.unparse(new)
            yield self._at(kind, node, text if isinstance(parent, ast.Expr) else f"({text})")
            return
        _put(parent, name, index, new)
        try:
            yield self._at(kind, self.anchor, ast.unparse(self.anchor), node.lineno)
        except ValueError:  # not every f-string can be written by Python 3.11
            pass
        finally:
            _put(parent, name, index, node)

    def _at(self, kind: str, node: ast.stmt | ast.expr, new: str, line: int | None = None) -> Mutant:
        assert node.end_lineno is not None and node.end_col_offset is not None and self.statement is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        old = self.bytes[start:end].decode()
        lines = _own_lines(self.statement) if self.functions else None
        return Mutant(
            self.path, kind, node.lineno, start, end, old, new, lines, self.functions[-1] if self.functions else ""
        )


def _own_lines(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement, of a compound one those before its body."""
    body = getattr(node, "body", None)
    cases = getattr(node, "cases", None)
    end = body[0].lineno - 1 if body else cases[-1].body[-1].end_lineno if cases else node.end_lineno
    return node.lineno, max(node.lineno, end or node.lineno)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.ListComp)) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _written_otherwise(value: str) -> str:
    for old, new in WRITTEN:
        if old in value:
            return value.replace(old, new, 1)
    if found := re.search(r"\d", value):
        return f"{value[: found.start()]}{(int(found[0]) + 1) % 10}{value[found.end() :]}"
    place = len(value) - len(value.lstrip())
    return f"{value[:place]}_{value[place:]}"


def _put(parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node
