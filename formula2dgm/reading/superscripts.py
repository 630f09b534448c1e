"""Whether a superscript is a power, an index or a part of a name.

A superscript of a function, in front of its arguments, is part of the function's name unless it is a number:
``u^\\theta_t(x)``, ``V^\\pi(s)``; in front of what may be a factor, ``f^\\theta(x + y)``, it is where it is a
letter of parameters. One of a distribution without arguments always is, ``s \\sim d^\\pi``. One of a
variable is an index where only a variable can stand, ``p(z^t | z^{t-1})``, and wherever else the same variable carries
the same kind of superscript; so is a bound index on a variable with labels above, ``x^+ … \\sum_i x^i``. What is
defined with a superscript, and what names an objective, has it as a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.kinds import PARAMETER_LETTERS, VARIABLE_LETTERS
from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.places import variable_places
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import names_objective
from formula2dgm.reading.steps import STEP_LETTERS, step_of
from formula2dgm.syntax import tree

#: Letters of variables and of numbers: where they have a parameter above and a bracket behind, they are powers.
_SCALARS = VARIABLE_LETTERS | frozenset("e alpha beta gamma delta eta kappa lambda rho tau".split())

#: Letters of noise that no power is taken of, as it has both signs.
_NOISE = NOISE_LETTERS - {"u", "z"}


def name_functions(node: tree.Node, values: Set[str] = frozenset(), notes: Notes | None = None) -> tree.Node:
    """The tree with the superscripts of functions moved into their names; ``values`` are the names that stand alone
    somewhere in the text, which are no functions; noise has no power, either: ``\\epsilon^\\theta(x + \\epsilon)``."""
    node = map_children(node, lambda each: name_functions(each, values, notes))
    match node:
        case tree.Call(head=tree.Power(base=tree.Symbol() as base, exponent=exponent)) if _is_applied(node):
            return node if _is_number(exponent) else replace(node, head=_named(base, exponent))
        case tree.Call(
            head=tree.Power(base=tree.Symbol() as base, exponent=tree.Symbol(letter=letter) as exponent)
        ) if letter in PARAMETER_LETTERS and not _is_value(base, values):
            if notes is not None:
                notes.add(f"the superscript of {node.head} is part of its name, no power: its parameters", node.span)
            return replace(node, head=_named(base, exponent))
    return node


def _is_value(base: tree.Symbol, values: Set[str]) -> bool:
    """Is it a number or a variable, of which a power may be taken?"""
    return base.letter in _SCALARS or (_id(base) in values and base.letter not in _NOISE)


def values_alone(nodes: Iterable[tree.Node]) -> set[str]:
    """The names that stand somewhere without arguments, and alone: no superscript, and no subscript of another."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        match waiting.pop():
            case tree.Symbol() as symbol:
                found.add(_id(symbol))
            case tree.Call(head=tree.Symbol() | tree.Power(tree.Symbol())) as call:
                waiting += [*call.args, *(call.given or ()), *(call.params or ())]
            case tree.Power(base=tree.Symbol()):
                pass
            case tree.Optimise(body=body):
                waiting.append(body)
            case node:
                waiting += node.children
    return found


def name_distributions(node: tree.Node, notes: Notes) -> tree.Node:
    """The tree with the superscripts of bare distributions moved into their names: what is drawn from is no power."""
    node = map_children(node, lambda each: name_distributions(each, notes))

    def named(place: tree.Node) -> tree.Node:
        match place:
            case tree.Power(base=tree.Symbol() as base, exponent=exponent):
                notes.add(f"the superscript of {base} is part of its name, no power: a distribution", place.span)
                return _named(base, exponent)
        return place

    match node:
        case tree.Draws(density=density):
            return replace(node, density=named(density))
        case tree.Expect(binders=binders):
            return replace(node, binders=tuple(map(named, binders)))
        case tree.Divergence(left=left, right=right):
            return replace(node, left=named(left), right=named(right))
        case tree.Chain(members=(first, *rest), relations=("~", *_)):
            return replace(node, members=(first, *map(named, rest)))
    return node


def name_variables(root: tree.Node, indexed: frozenset[str], numbered: frozenset[str], notes: Notes) -> tree.Node:
    """The tree with the superscripts of these variables as indices; of ``numbered`` ones numbers, too."""

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        match node:
            case tree.Power(base=tree.Symbol() as base, exponent=exponent) if _id(base) in indexed:
                if (not _is_number(exponent) or _id(base) in numbered) and not _is_transpose(exponent):
                    notes.add(f"a superscript of {_bare(base)} is an index, no power", node.span)
                    return _named(base, exponent)
        return node

    return rebuild(root)


def name_labels(roots: Sequence[tree.Node], notes: Notes) -> list[tree.Node]:
    """The trees with the superscripts of what is defined, ``\\mathcal{L}^{x} = …``, and of objectives as labels."""
    stepped = _stepped(roots)
    defined = [each.members[0] for each in roots if isinstance(each, tree.Chain) and each.relations[0] in ("=", ":=")]
    heads = {(_id(each.base), each.exponent) for each in defined
             if isinstance(each, tree.Power) and isinstance(each.base, tree.Symbol)}  # fmt: skip

    labels = _labels_of({exponent for _, exponent in heads}, roots)

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        match node:
            case tree.Power(base=tree.Symbol() as base, exponent=exponent) if exponent in labels:
                notes.add(f"the superscript of {node} is a label, no power", node.span)
                return _named(base, exponent)
            case tree.Power(base=tree.Symbol(letter=letter) as base, exponent=exponent) if letter != "e":
                if _id(base) in stepped and step_of(exponent) is not None:
                    return node
                power = _is_number(exponent) or _is_transpose(exponent)
                if not power and ((_id(base), exponent) in heads or names_objective(base)):
                    notes.add(f"the superscript of {node} is a label, no power", node.span)
                    return _named(base, exponent)
        return node

    return [rebuild(each) for each in roots]


def _labels_of(exponents: set[tree.Node], roots: Sequence[tree.Node]) -> set[tree.Node]:
    """The capitals that stand nowhere but above a name, A of ``z^A = f(x^A)``: labels of all that carries them."""
    capitals = {each for each in exponents if len(name := plain(each) or "") == 1 and name.isupper() and name != "T"}
    return capitals - {each for root in roots for each in _values_in(root)}


def _values_in(node: tree.Node) -> Iterator[tree.Node]:
    """The names that stand anywhere but above or below another one."""
    match node:
        case tree.Symbol():
            yield node
        case tree.Power(tree.Symbol()):
            return
        case _:
            for each in node.children:
                yield from _values_in(each)


def indexed_variables(
    roots: Sequence[tree.Node], bound: frozenset[str] = frozenset()
) -> tuple[frozenset[str], frozenset[str]]:
    """The variables whose superscripts are indices, and those of which even numbers are: they never stand without.

    ``bound`` are the indices of sums and products.
    """
    runs = _runs_above(roots)
    indexed = _labelled(roots) & _raised_to(roots, bound) | _stepped(roots) | runs
    bare: set[str] = set()
    for node in (each for root in roots for each in root.walk()):
        for slot in variable_places(node):
            match slot:
                case tree.Power(base=tree.Symbol() as base, exponent=exponent):
                    if not _is_number(exponent) and not _is_transpose(exponent):
                        indexed.add(_id(base))
                case tree.Symbol(sup=()):
                    bare.add(_id(slot))
                case tree.Symbol(sup=(tree.Range(), *_)):
                    indexed.add(_id(slot))
    return frozenset(indexed), frozenset(indexed - bare | runs)


def _runs_above(roots: Iterable[tree.Node]) -> set[str]:
    """The variables with a run above, ``\\psi^{0 \\dots K}``: each of them is read by a superscript."""
    symbols = (each for root in roots for each in root.all(tree.Symbol))
    return {_id(each) for each in symbols if isinstance(each.sup[0] if each.sup else None, tree.Range)}


def _stepped(roots: Sequence[tree.Node]) -> set[str]:
    """The variables whose superscripts are steps: what ``h^t = f(h^{t-1}, x^t)`` defines, and the letters beside it."""
    chains = [each for each in roots if isinstance(each, tree.Chain) and each.relations[0] in ("=", ":=", "~")]
    defined = {key for each in chains if (key := _step_above(each.members[0])) is not None}
    if not defined:
        return set()
    exponents: dict[tuple[str, str], set[tree.Node]] = {}
    letters: dict[str, set[str]] = {}
    for node in (each for root in roots for each in root.walk()):
        if (key := _step_above(node)) is not None and isinstance(node, tree.Power):
            exponents.setdefault(key, set()).add(node.exponent)
            if isinstance(node.base, tree.Symbol) and _is_one_letter(node.base):
                letters.setdefault(key[1], set()).add(key[0])
    found = {key for key in defined if len(exponents.get(key, ())) > 1}
    return {name for name, _ in found} | {name for _, step in found for name in letters.get(step, ())}


def _step_above(node: tree.Node) -> tuple[str, str] | None:
    """The variable and the index of ``h^t`` and ``h^{t-1}``; None of anything else."""
    if not isinstance(node, tree.Power) or not isinstance(node.base, tree.Symbol):
        return None
    step = step_of(node.exponent)
    return (_id(node.base), step) if step in STEP_LETTERS else None


def _is_one_letter(symbol: tree.Symbol) -> bool:
    return len(symbol.letter) == 1 and symbol.letter != "e"


def _labelled(roots: Iterable[tree.Node]) -> set[str]:
    """The variables that bear a label above: ``x^+``, ``x^*``."""
    symbols = (each for root in roots for each in root.all(tree.Symbol))
    return {_id(each) for each in symbols if any(isinstance(item, tree.Symbol) for item in each.sup)}


def _raised_to(roots: Iterable[tree.Node], bound: frozenset[str]) -> set[str]:
    """The variables whose superscript is a bound index."""
    found = set()
    for node in (each for root in roots for each in root.walk()):
        match node:
            case tree.Power(base=tree.Symbol() as base, exponent=tree.Symbol() as exponent) if plain(exponent) in bound:
                found.add(_id(base))
    return found


def _is_applied(call: tree.Call) -> bool:
    """Whether a call is certainly an application, and not a power of a scalar times a bracket."""
    if call.given is not None or call.params is not None or len(call.args) != 1:
        return True
    only = call.args[0].base if isinstance(call.args[0], tree.Power) else call.args[0]
    return isinstance(only, tree.Symbol | tree.Call | tree.Binds | tree.Blank | tree.Tuple)


def _named(base: tree.Symbol, exponent: tree.Node) -> tree.Symbol:
    return replace(base, sup=(*base.sup, exponent), span=base.span | exponent.span)


def _bare(symbol: tree.Symbol) -> tree.Symbol:
    return replace(symbol, sub=(), sup=())


def _id(symbol: tree.Symbol) -> str:
    return read_name(_bare(symbol), frozenset()).id


def _is_number(node: tree.Node) -> bool:
    match node:
        case tree.Number():
            return True
        case tree.Neg():
            return _is_number(node.body)
        case tree.Div():
            return _is_number(node.numerator) and _is_number(node.denominator)
    return False


def _is_transpose(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter == "top"
