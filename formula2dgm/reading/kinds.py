"""Kinds of names, read off the places where they stand: indices, variables, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import is_

from formula2dgm import registry
from formula2dgm.reading.group_labels import groups_apart
from formula2dgm.reading.last_steps import last_steps, recurrences, with_last_steps
from formula2dgm.reading.names import GREEK_GROUPS, Indices, plain, read_name
from formula2dgm.reading.positions import letters_of_their_own, positions_in, recurred_along
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.reading.steps import along_steps, steps_moved_along
from formula2dgm.reading.time_names import TIME_LETTERS
from formula2dgm.registry.functions import CONDITIONS
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def find_indices(nodes: Iterable[tree.Node]) -> tuple[Indices, dict[str, tree.Node]]:
    """The names that big operators bind as indices, and those along whose steps the text moves, with the upper bounds.

    A name that a density is over (``\\sum_y q(y|x)``) is a finite variable, not an index. Of the same nodes the answer
    is the very same indices: what is read by them is kept (see ``read_name``).
    """
    global _ANSWERS
    asked = tuple(nodes)
    for known, indices, bounds in _ANSWERS:
        if len(known) == len(asked) and all(map(is_, known, asked)):
            return indices, dict(bounds)
    indices, bounds = _find_indices(asked)
    _ANSWERS = ((asked, indices, bounds), *_ANSWERS[:3])
    return indices, dict(bounds)


#: The last questions to :func:`find_indices`: rules that change nothing ask it of the same nodes.
_ANSWERS: tuple[tuple[tuple[tree.Node, ...], Indices, dict[str, tree.Node]], ...] = ()


def _find_indices(nodes: tuple[tree.Node, ...]) -> tuple[Indices, dict[str, tree.Node]]:
    bound: dict[str, tree.Node | None] = {}
    over: set[str] = set()
    for node in (each for root in nodes for each in root.walk()):
        if isinstance(node, tree.Big):
            for name, upper in binder_names(node):
                if upper is not None or name not in bound:
                    bound[name] = upper
        elif is_density_call(node):
            assert isinstance(node, tree.Call)
            over |= {text for each in (*node.args, *(node.given or ())) if (text := plain(each)) is not None}
    positions = positions_in(nodes)
    known = frozenset(bound) | _defined_along(nodes)
    moved = steps_moved_along(nodes, known) | frozenset(recurrences(nodes).values())
    moved -= positions - frozenset(bound)
    stepped = (frozenset(_stepped(nodes)) | frozenset(_steps_of_spaces(nodes))) - positions
    names = (frozenset(bound) | moved | stepped) - over | recurred_along(nodes, positions)
    bounds = {name: upper for name, upper in bound.items() if name in names and upper is not None}
    ends = {index: found for index, found in last_steps(nodes).items() if index in names}
    bounds = with_last_steps(bounds, ends)
    own = letters_of_their_own(nodes, positions - names, names)
    indices = along_steps(nodes, names, bounds, ends).at(positions, own)
    return indices.with_groups(groups_apart(nodes, indices)), bounds


def _defined_along(nodes: Iterable[tree.Node]) -> frozenset[str]:
    """The letters in the scripts of what statements define, ``h_t = f(h_{t-1}, x_t)``; a loss of a step, ``L_t``, is no
    such statement. A density is one where the text speaks of all steps, ``p(x_{1:T})``."""
    nodes = list(nodes)
    scripts = (item for root in nodes for each in root.all(tree.Symbol) for item in each.sub)
    ranged = any(isinstance(each, tree.Range) for each in scripts)
    found: set[str] = set()
    for node in nodes:
        bound = ranged and is_density_call(node)  # the key of a binding
        if bound or (isinstance(node, tree.Chain) and node.relations[0] in ("=", ":=", "~")):
            left = node.members[0] if isinstance(node, tree.Chain) else node
            if not names_objective(left) and (ranged or not is_density_call(left)):
                symbols = left.all(tree.Symbol)
                items = (item for each in symbols for item in (*each.sub, *each.sup))
                found |= {text for item in items for each in item.walk() if (text := plain(each)) is not None}
    return frozenset(found)


def _stepped(nodes: Iterable[tree.Node]) -> Iterator[str]:
    """The index of a declared step of one variable, t of ``q(x_t|x_{t-1}) = ...``, though no sum is over it."""
    for node in nodes:
        match node:
            case tree.Chain(
                members=(tree.Call(args=(tree.Symbol() as over,), given=(tree.Symbol() as given,)), *_),
                relations=("=" | ":=", *_),
            ) if over.letter == given.letter:
                match (over.sub, given.sub):
                    case ((tree.Symbol() as step,), (tree.Add((first, tree.Neg(tree.Number("1")))),)) if step == first:
                        yield step.letter


def _steps_of_spaces(nodes: Iterable[tree.Node]) -> Iterator[str]:
    """t of ``x_t \\in \\mathbb{R}^3`` beside ``x_{1:T}``: the space of each step, where nothing else reads one."""
    nodes = list(nodes)
    symbols = (each for root in nodes for each in root.all(tree.Symbol))
    ranged = {each.letter for each in symbols if any(isinstance(item, tree.Range) for item in each.sub)}
    for node in nodes:
        match node:
            case tree.Chain(members=(variables, *_), relations=("in", *_)):
                for each in variables.items if isinstance(variables, tree.Tuple) else (variables,):
                    match each:
                        case tree.Symbol(letter, sub=(tree.Symbol(letter=step, sub=(), sup=()),)) if (
                            letter in ranged and step in TIME_LETTERS
                        ):
                            yield step


#: Relations that a sum may put between its indices.
RESTRICTIONS = frozenset(CONDITIONS) - {"="}


def binder_names(big: tree.Big) -> Iterator[tuple[str, tree.Node | None]]:
    """The names that a sum or product binds, each with its upper bound."""
    for item in big.binders:
        target = item.name if isinstance(item, tree.Binds) else item.left if isinstance(item, tree.Relates) else item
        for each in target.items if isinstance(target, tree.Tuple) else (target,):
            name = plain(each)
            if (
                isinstance(item, tree.Relates)
                and item.op in RESTRICTIONS
                and (other := plain(item.right)) in INDEX_LETTERS
            ):
                assert other is not None
                yield other, big.upper
            if name is not None:
                upper = (
                    item.value.upper
                    if isinstance(item, tree.Binds) and isinstance(item.value, tree.Range)
                    else big.upper
                )
                yield name, upper


def marked_binders(big: tree.Big) -> tuple[tree.Symbol, ...]:
    """What a sum binds that carries marks, ``y_u`` of ``\\sum_{y_u}``: no index, but a variable."""
    items = (item.left if isinstance(item, tree.Relates) and item.op == "in" else item for item in big.binders)
    return tuple(each for each in items if isinstance(each, tree.Symbol) and plain(each) is None)


def find_variables(nodes: Iterable[tree.Node], indices: frozenset[str]) -> frozenset[str]:
    """The ids of all symbols that stand where only a variable can stand.

    What the name of an objective is applied to, ``V(D, G) = ...``, can be anything, and so can what stands in its
    subscript, ``\\mathcal{L}_{JM(\\alpha)}``.
    """
    nodes = list(nodes)
    found: set[str] = set()
    named = {id(each.members[0]) for root in nodes for each in root.all(tree.Chain)}

    def note(items: Iterable[tree.Node]) -> None:
        for item in items:
            if isinstance(item, tree.Binds):
                note((item.name, item.value))
            elif isinstance(item, tree.Tuple):
                note(item.items)
            elif isinstance(item, tree.Symbol) and plain(item) not in indices:
                found.add(read_name(item, indices).id)

    for node in (each for root in nodes for each in _outside_labels(root)):
        if isinstance(node, tree.Call) and id(node) in named and not is_density_call(node):
            continue
        if isinstance(node, tree.Call) and not registry.family_by_spelling(spelling(node.head)):
            note((*node.args, *(node.given or ())))
        elif isinstance(node, tree.Call) and node.params is not None:  # N(x; mu, Sigma), a family at a value
            note(node.args)
        elif isinstance(node, tree.Draws):
            note((*node.names, *_located(node.density)))
        elif isinstance(node, tree.Expect):
            note(
                each
                for each in node.binders
                if isinstance(each, tree.Symbol) and each.letter not in ("p", "q", "P", "Q")
            )
        elif isinstance(node, tree.Chain) and node.relations[0] in ("in", "~"):
            note((*node.members[:1], *_located(node.members[1])))
        elif isinstance(node, tree.Norm):
            note(each for each in summands(node.body) if isinstance(each, tree.Symbol))
        elif isinstance(node, tree.Power) and isinstance(node.exponent, tree.Symbol) and node.exponent.letter == "top":
            symbols = (each for each in summands(node.base) if isinstance(each, tree.Symbol))
            note(each for each in symbols if each.letter in VARIABLE_LETTERS)
        elif isinstance(node, tree.Symbol) and (
            node.letter in DATA_LETTERS or (node.letter in VARIABLE_LETTERS and read_name(node, indices).index)
        ):
            found.add(read_name(node, indices).id)
    for node in nodes:
        match node:
            case tree.Chain(members=(tree.Symbol() as left, tree.Symbol() as right), relations=("=",) | (":=",)):
                if read_name(left, indices).id in found and right.letter not in GREEK_GROUPS:
                    note((right,))  # z_0 = x: another name of a variable
    return frozenset(found)


def location(law: tree.Node | None) -> tree.Node | None:
    """What a draw of a family lies around: ``x`` of ``y ~ N(x, sigma^2 I)``; None where it has no location."""
    if not isinstance(law, tree.Call) or (family := registry.family_by_spelling(spelling(law.head))) is None:
        return None
    arguments = law.params or law.given or law.args
    return arguments[0] if family.arguments[:1] == ("loc",) and arguments else None


def scales(law: tree.Node) -> list[tree.Node]:
    """The names and calls that a law with a location is as wide as: s of ``N(m, s^2)``, of ``N(m, s^2 I)``."""
    assert isinstance(law, tree.Call)
    found: list[tree.Node] = []
    for argument in (law.params or law.given or law.args)[1:]:
        factors = argument.factors if isinstance(argument, tree.Mul) else (argument,)
        bases = [each.base if isinstance(each, tree.Power) else each for each in factors]
        found += [each for each in bases if isinstance(each, tree.Call | tree.Symbol) and str(each) != "I"]
    return found


def _located(law: tree.Node | None) -> list[tree.Symbol]:
    """The variables among what a draw lies around."""
    around = location(law)
    symbols = (each for each in summands(around) if isinstance(each, tree.Symbol)) if around is not None else ()
    return [each for each in symbols if each.letter in VARIABLE_LETTERS]


def _outside_labels(node: tree.Node) -> Iterator[tree.Node]:
    """The nodes of a tree, without what stands in the subscript of an objective's name."""
    yield node
    if not (isinstance(node, tree.Symbol) and names_objective(node)):
        for each in node.children:
            yield from _outside_labels(each)


#: Letters of variables where nothing else says so: an entry ``x_i``, a transposed ``x^T``.
VARIABLE_LETTERS = frozenset("xyz")
#: Letters of data wherever they stand: ``\\alpha_t x + \\sigma_t \\epsilon``.
DATA_LETTERS = frozenset("xy")


#: Letters of which a norm of their own is weight decay.
PARAMETER_LETTERS = frozenset(("theta", "phi", "psi", "omega"))


def find_parameters(nodes: Iterable[tree.Node], indices: frozenset[str]) -> frozenset[str]:
    """The Greek names that stand for parameters: a subscript of a density or network (``p_theta``), a given
    (``p(x|z, theta)``) that nothing draws and no density is over, the weights under ``||theta||^2``; and what is named
    behind them."""
    groups: set[str] = set()
    given: set[str] = set()
    named: set[str] = set()
    decayed: set[str] = set()
    drawn: set[str] = set()
    defined: set[str] = set()
    for node in (each for root in nodes for each in root.walk()):
        if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol):
            if not names_objective(node):
                groups |= set(read_name(node.head, indices, head=True).group)
            if is_density_call(node):
                given |= {text for each in node.given or () if (text := plain(each)) in GREEK_GROUPS and text}
                named |= {read_name(each, indices).id for each in _behind_parameters(node)}
                drawn |= {read_name(each, indices).id for each in node.args if isinstance(each, tree.Symbol)}
        elif isinstance(node, tree.Draws):
            drawn |= {read_name(each, indices).id for each in node.names if isinstance(each, tree.Symbol)}
        elif isinstance(node, tree.Norm):
            decayed |= PARAMETER_LETTERS & {plain(node.body)}
        elif isinstance(node, tree.Expect):
            drawn |= {text for each in node.binders if (text := plain(each))}
        elif isinstance(node, tree.Chain) and node.relations[0] in ("in", "~", "=", ":="):
            drawn |= {text for each in node.members[:1] if (text := plain(each))}
            defined |= {read_name(each, indices).id for each in node.members[:1] if isinstance(each, tree.Symbol)}
    return frozenset((groups | given | decayed | (named - defined)) - drawn)


def _behind_parameters(call: tree.Call) -> Iterator[tree.Symbol]:
    """Probabilities that a density names behind its Greek parameters: ``p_1`` of ``p(y|x, z, \\theta, p_1)``."""
    given = call.given or ()
    greek = next((place for place, each in enumerate(given) if plain(each) in GREEK_GROUPS), len(given))
    for each in given[greek + 1 :]:
        if isinstance(each, tree.Symbol) and each.letter in ("p", "q") and not each.accents:
            yield each


def summands(node: tree.Node) -> Iterator[tree.Node]:
    """The terms of a sum, their signs left out; of anything else, itself."""
    if isinstance(node, tree.Add):
        for each in node.terms:
            yield from summands(each)
    elif isinstance(node, tree.Neg):
        yield from summands(node.body)
    else:
        yield node


def spelling(head: tree.Node) -> str:
    """How a family's name is spelled in the registry; empty for anything that is no plain symbol."""
    return head.style + head.letter if isinstance(head, tree.Symbol) and not head.accents else ""
