r"""Vector quantisation of which the text writes the loss alone: what makes the codes is left to its prose.

    \|\mathrm{sg}[E(x)] - z_q\|^2 + \beta \|\mathrm{sg}[z_q] - E(x)\|^2        z_q = e_k, k = \arg\min_j \|E(x) - e_j\|

One term draws the code to what is quantised, the other, which carries the weight, what is quantised to the code. A code
that nothing defines, draws or binds is the nearest row of a codebook. What is quantised is what a network makes of x
where it is a bare name, too, and a reconstruction ``\hat x`` beside it is what a network makes of the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

_NETWORKS = ("f", "g", "h", "F", "G")
_CHOICES = ("argmin", "argmax")
_BOOKS = ("e", "c", "b")


def write_codes(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what makes such codes, and what was decided; ``keys`` are what is bound."""
    text = _Codes(list(statements), keys)
    text.complete()
    return text.statements, text.notes


class _Codes(Defaults):
    def complete(self) -> None:
        """Say what makes the only code that is compared with what it quantises."""
        self._write_arguments()
        if any(map(_is_choice, self.nodes())):
            return  # the text says what is chosen
        pairs = {pair for each in self.statements for pair in _compared(each.body)}
        codes = [(code, encoded) for code, encoded in pairs if self._is_open(code)]
        if len(codes) != 1:
            return
        ((code, encoded),) = codes
        assert isinstance(code, tree.Symbol)
        if isinstance(encoded, tree.Symbol):
            if not self._is_open(encoded):
                return
            network = self._unused(_NETWORKS)
            self.add(
                f"{encoded.latex()} = {network}(x)", code.span, f"{encoded} is {network}(x), what a network makes of x"
            )
        open_names = self._named_in_heads()
        decoder = open_names.pop(0) if open_names and self._is_reconstructed(code) else self._unused(_NETWORKS)
        book, index = open_names.pop(0) if open_names else self._unused(_BOOKS), self._unused(("k", "l", "m"))
        quantised = encoded.latex()
        chosen = f"\\arg\\min_j \\| {quantised} - {book}_j \\|"
        self.add(
            f"{code.latex()} = {book}_{index}", code.span, f"{code} is the row of a codebook that is next to {encoded}"
        )
        self.add(f"{index} = {chosen}", code.span)
        if self._is_reconstructed(code):
            said = f"x_hat is {decoder}({code}), what a network makes of {code}"
            self.add(f"\\hat x = {decoder}({code.latex()})", code.span, said)

    def _write_arguments(self) -> None:
        """``z_e`` beside ``z_e(x)``, its only call, is that call: what is quantised is no data."""
        pairs = {pair for each in self.statements for pair in _compared(each.body)}
        for name in dict.fromkeys(each for pair in pairs for each in pair if isinstance(each, tree.Symbol)):
            calls = {each for each in self.nodes() if isinstance(each, tree.Call) and each.head == name}
            defined = any(each == name or each in calls for each in self._defined())
            if len(calls) != 1 or defined or name in self.keys:
                continue
            (call,) = calls
            self.notes.append(Note(f"{name} is {call}, as elsewhere", name.span))
            self.statements = [each.with_body(_applied(each.body, name, call)) for each in self.statements]

    def _defined(self) -> list[tree.Node]:
        """What statements define or draw; a space says only of what size a name is."""
        return [each.members[0] for each in self.chains() if each.relations[0] in ("=", ":=", "~")]

    def _is_reconstructed(self, code: tree.Symbol) -> bool:
        """Is x compared with ``\\hat x``, of which nothing says what makes it?"""
        data = tree.Symbol("x", span=code.span)
        made = replace(data, accents=("hat",))
        return self._is_open(made) and any(set(_difference(each)) == {data, made} for each in self.nodes())

    def _named_in_heads(self) -> list[str]:
        """What a loss is said to be of, or an operator is over, and nothing applies: G and Z of ``L(E, G, Z)``, the
        decoder and the codes."""
        heads = [each for each in self.left_sides() if isinstance(each, tree.Call) and names_objective(each)]
        names = [item for each in heads for argument in each.args for item in _members(argument)]
        names += [name for each in self.nodes() if isinstance(each, tree.Optimise) for name in each.names]
        own = [
            each for each in names if isinstance(each, tree.Symbol) and len(each.letter) == 1 and each.letter.isupper()
        ]
        return [each.latex() for each in dict.fromkeys(own) if self._is_open(each)]

    def _is_open(self, node: tree.Node) -> bool:
        """A name that the text does not define, apply, draw, score or bind."""
        if not isinstance(node, tree.Symbol):
            return False
        calls = [each for each in self.nodes() if isinstance(each, tree.Call)]
        heads = [*self._defined(), *self.keys]
        known = {each.head if isinstance(each, tree.Call) else each for each in (*heads, *calls)}
        return node not in known and not self.is_drawn(node)

    def _unused(self, names: Sequence[str]) -> str:
        letters = {each.letter for each in self.nodes() if isinstance(each, tree.Symbol)}
        return next((each for each in names if each not in letters), names[0] * 2)


def _is_choice(node: tree.Node) -> bool:
    """``\\arg\\min_j``, over an index."""
    if isinstance(node, tree.Optimise):
        bare = [each.left if isinstance(each, tree.Relates) else each for each in node.names]
        indices = all(isinstance(each, tree.Symbol) and plain(each) in INDEX_LETTERS for each in bare)
        return node.op in _CHOICES and bool(node.names) and indices
    return isinstance(node, tree.Big) and node.op in _CHOICES


def _applied(node: tree.Node, name: tree.Symbol, call: tree.Call) -> tree.Node:
    """The node with a bare name as the call that it stands for."""
    if node == name:
        return replace(call, span=node.span)
    if isinstance(node, tree.Call) and node.head == name:
        return node
    return map_children(node, lambda each: _applied(each, name, call))


def _members(node: tree.Node) -> tuple[tree.Node, ...]:
    return tuple(node.children) if isinstance(node, tree.SetOf) else (node,)


def _compared(body: tree.Node) -> Iterator[tuple[tree.Node, tree.Node]]:
    """The codes and what they quantise: each is held constant where the other is drawn to it, and the term that draws
    what is quantised to its code is weighed."""
    open_terms: set[tuple[tree.Node, tree.Node]] = set()
    weighed: set[tuple[tree.Node, tree.Node]] = set()
    for term in _terms(body):
        factors = term.factors if isinstance(term, tree.Mul) else (term,)
        weights, found = factors[:-1], _held_and_drawn(factors[-1])
        if found is not None:
            (weighed if weights else open_terms).add(found)
    for held, drawn in weighed:
        if (drawn, held) in open_terms and isinstance(drawn, tree.Symbol | tree.Call):
            yield held, drawn


def _terms(node: tree.Node) -> Iterator[tree.Node]:
    match node:
        case tree.Add(terms):
            for each in terms:
                yield from _terms(each)
        case tree.Labelled(inner, _) | tree.Expect(_, inner) | tree.Optimise(body=inner):
            yield from _terms(inner)
        case tree.Chain(members):
            yield from _terms(members[-1])
        case _:
            yield node


def _held_and_drawn(node: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """a and b of ``\\|\\mathrm{sg}[a] - b\\|^2``."""
    norm = node.base if isinstance(node, tree.Power) else node
    pair = _difference(norm.body) if isinstance(norm, tree.Norm) else ()
    held = [each.args[0] for each in pair if isinstance(each, tree.Func) and each.name == "sg"]
    drawn = [each for each in pair if not isinstance(each, tree.Func)]
    return (held[0], drawn[0]) if len(held) == len(drawn) == 1 else None


def _difference(node: tree.Node) -> tuple[tree.Node, ...]:
    """Both sides of ``a - b``."""
    match node:
        case tree.Add((one, tree.Neg(other))):
            return one, other
    return ()
