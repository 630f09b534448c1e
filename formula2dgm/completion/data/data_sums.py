r"""Sums over the elements of the data: ``\sum_{x \in \mathcal{D}} \log p(x)``, ``\frac{1}{|X|} \sum_{x \in X} f(x)``.

Each becomes the mean over the data: under 1/|X| as it is written; where it is the whole objective because a batch is a
part of the data, of which the number is the scale of a whole that nobody wrote. Beside another term that number weighs
one against the other, and has to be written. A sum of which a density over its variable is a factor runs over values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_NAMES, DATA_SIZES
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shares import divisors, is_count, shared_sums, without
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.binders import are_copies


def average_sets(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with expectations over the data for such sums, and what was decided."""
    sets = {
        str(each.body.members[0])
        for each in statements
        if isinstance(each.body, tree.Chain) and each.body.relations[0] in ("=", ":=")
    }
    nodes = [node for each in statements for node in each.body.walk()]
    products = [each for each in nodes if isinstance(each, tree.Mul)]
    shares = [share for each in products for _, share, _ in shared_sums(each.factors)]
    writer = _Writer(frozenset(sets), tuple(nodes), tuple(shares))
    out = []
    for each in statements:
        writer.whole = whole_sums(each.body)
        out.append(each.with_body(writer.written(each.body)))
    return out, writer.notes


@dataclass(slots=True)
class _Writer:
    """``defined`` are the names that the text defines, ``read`` all it says, ``shares`` what stands before its sums,
    ``whole`` the sums of a statement that are all of it."""

    defined: frozenset[str]
    read: tuple[tree.Node, ...]
    shares: tuple[tree.Div, ...]
    whole: tuple[tree.Node, ...] = ()
    notes: list[Note] = field(default_factory=list)

    def written(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Mul(factors, ops) if (found := self._mean(factors)) is not None:
                place, share = found
                made = self._mean_of(factors[place + 1], "")
                front = (*factors[:place], *(() if str(share) == "1" else (share,)))
                kept = (*front, made, *factors[place + 2 :])
                ops = ops[len(factors) - len(kept) :]
                return made if len(kept) == 1 else map_children(replace(node, factors=kept, ops=ops), self.written)
            case tree.Big() if self._is_over_data(node):
                self._need_whole(node)
                return self._mean_of(node, ": the mean over the data, of which a batch is a part")
        return map_children(node, self.written)

    def _mean(self, factors: Sequence[tree.Node]) -> tuple[int, tree.Node] | None:
        """Where 1/|X|, 1/N, or another number that stands nowhere else, is right before a sum over X; what is left of
        it without the number."""
        for place, share, total in shared_sums(factors):
            found = _set_of(total)
            if found is None or not self._is_over_data(total):
                continue
            size = tree.Abs(found[1], span=share.span)
            sizes = [each for each in divisors(share) if each == size or str(each) in DATA_SIZES]
            if not sizes:
                sizes = [each for each in divisors(share) if is_count(each) and str(each) not in self.defined]
                for each in sizes[:1]:
                    self._need_alone(each)
                    self.notes.append(Note(f"{each} is the number of examples, over which the mean is", total.span))
            if sizes:
                return place, without(share, sizes[0])
        return None

    def _need_alone(self, number: tree.Node) -> None:
        """Refuse a number of examples that weighs anything else, too."""
        others = [each for each in self.read if each == number]
        if len(others) > sum(number in divisors(each) for each in self.shares):
            message = f"{number} divides a sum over the data and stands elsewhere, too: nothing says what number it is"
            hint = "write |X|, or N, for the number of examples, or the mean, E_{x \\sim p_{data}}"
            raise FormulaError(Diagnostic("F2D-0575", "error", message, number.span, hint))

    def _is_over_data(self, node: tree.Big) -> bool:
        found = _set_of(node)
        return found is not None and str(found[1]) not in self.defined and _names_data(node, *found)

    def _need_whole(self, node: tree.Big) -> None:
        if any(node is each for each in self.whole):
            return
        names, named = _set_of(node) or ((), node)
        raise unwritten_number(node, named, f"({', '.join(map(str, names))}) ~ {named}")

    def _mean_of(self, node: tree.Node, said: str) -> tree.Node:
        found = _set_of(node) if isinstance(node, tree.Big) else None
        if not isinstance(node, tree.Big) or found is None or not self._is_over_data(node):
            return self.written(node)
        names, named = found
        if said:
            self.notes.append(Note(f"the sum over {named}{said}", node.span))
        source = named if _is_data_name(named) else tree.Symbol("D", (), (), (), "cal", span=named.span)
        if source is not named:
            self.notes.append(Note(f"{named} is the data", named.span))
        draws = tree.Draws(names, source, joint=are_copies(names), span=node.span)
        return tree.Expect((draws,), self.written(node.body), span=node.span)


def unwritten_number(node: tree.Big, named: tree.Node, drawn: str) -> FormulaError:
    """The refusal of a sum beside other terms, over members of which nobody says how many they are."""
    message = f"how many examples {named} has weighs this sum against the other terms, and is not written"
    hint = f"write the mean, \\frac{{1}}{{|{named}|}} \\sum; or their number, N E_{{{drawn}}}[...]"
    return FormulaError(Diagnostic("F2D-0415", "error", message, node.span, hint))


def _set_of(node: tree.Big) -> tuple[tuple[tree.Node, ...], tree.Symbol] | None:
    """The variables of ``\\sum_{(x, y) \\in D}`` and the name of the set; None for an index and for any other sum."""
    match node:
        case tree.Big("sum", (tree.Relates(left, "in", tree.Symbol() as named),), None, body):
            names = left.items if isinstance(left, tree.Tuple) else (left,)
            symbols = list(body.all(tree.Symbol))
            scripts = {item for each in symbols for item in (*each.sub, *each.sup)}
            optimised = any(isinstance(each, tree.Optimise) for each in body.walk())
            plain = all(isinstance(each, tree.Symbol) and not each.sub and each not in scripts for each in names)
            if plain and not optimised:
                return names, named
    return None


def set_of_data(node: tree.Big) -> tuple[tuple[tree.Node, ...], tree.Symbol] | None:
    """The variables and the name of the data that a sum is over."""
    found = _set_of(node)
    return found if found is not None and _is_data_name(found[1]) and _names_data(node, *found) else None


def _named(node: tree.Node) -> str:
    """The set, or the law, whose members a sum is over."""
    if isinstance(node, tree.Big) and any(isinstance(each, tree.Draws) for each in node.binders):
        return ", ".join(str(each.density) for each in node.binders if isinstance(each, tree.Draws))
    found = _set_of(node) if isinstance(node, tree.Big) else None
    return str(found[1]) if found is not None else ""


def _names_data(node: tree.Big, names: Sequence[tree.Node], named: tree.Symbol) -> bool:
    """Is the set the data: by its name, or the capital of its elements, X of x, that are not weighed by a density?"""
    if any(_weighs(node.body, each) for each in names):
        return False
    letters = {each.letter.upper() for each in names if isinstance(each, tree.Symbol)}
    return _is_data_name(named) or (named.letter in letters and named.letter.isupper() and not named.style == "bb")


def _is_data_name(named: tree.Symbol) -> bool:
    return named.style + named.letter in DATA_NAMES


def _weighs(body: tree.Node, name: tree.Node) -> bool:
    """Is a density over the variable a factor of what is summed, ``\\sum_{y \\in Y} q(y|x) f(y)``?"""
    if isinstance(body, tree.Mul):
        return any(_weighs(each, name) for each in body.factors)
    if isinstance(body, tree.Add):
        return any(_weighs(each, name) for each in body.terms)
    if isinstance(body, tree.Neg | tree.Labelled | tree.Power):
        return _weighs(body.base if isinstance(body, tree.Power) else body.body, name)
    if isinstance(body, tree.Div):
        return _weighs(body.numerator, name)
    return is_density_call(body) and isinstance(body, tree.Call) and name in body.args


def whole_sums(body: tree.Node) -> tuple[tree.Node, ...]:
    """The sums over one set that are all of a statement, up to factors and signs."""
    match body:
        case tree.Chain(members=members):
            return tuple(found for each in members for found in whole_sums(each))
        case tree.Big("sum"):
            return (body,)
        case tree.Optimise() | tree.Neg() | tree.Labelled():
            return whole_sums(body.body)
        case tree.Mul(factors):
            return tuple(found for each in factors for found in whole_sums(each))
        case tree.Add(terms):
            found = [whole_sums(each) for each in terms]
            sums = tuple(each for some in found for each in some)
            return sums if all(found) and len({_named(each) for each in sums}) == 1 else ()
    return ()
