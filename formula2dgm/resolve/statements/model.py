"""The statements of a text, sorted: objectives, densities, draws, definitions, spaces.

Nothing is computed here.  Each statement is recognised by its form (LANGUAGE: a model is a set of statements);
what the names in it mean is for the later rooms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

from formula2dgm import registry
from formula2dgm.completion.names.called import Called
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.kinds import find_indices, find_parameters, find_variables, spelling
from formula2dgm.reading.names import Indices, Name, plain, read_name
from formula2dgm.reading.objective_like import is_objective_like
from formula2dgm.reading.signature import Signature, is_density_call, names_objective, read_signature
from formula2dgm.reading.spaces import Space, at_sizes, is_constraint, read_space, sizes_of
from formula2dgm.records import dataclass
from formula2dgm.resolve.densities.aggregated_forms import AGGREGATED, mixed_over_data
from formula2dgm.resolve.densities.mentioned import Mentioned
from formula2dgm.resolve.statements.definitions import Definition, enter_definition
from formula2dgm.resolve.statements.outputs import outputs_defined
from formula2dgm.resolve.statements.wanted import Wanted, logarithm_wanted, read_wanted
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Declared:
    """A density that a statement declares.

    kind    ``family`` (``q(z|x) = N(z; ...)``), ``factors`` (``p(x,z) = p(x|z) p(z)``), ``proportional``
            (``q(z|x,y) \\propto p(z) q(z|x) q(z|y)``), or the value of an expression: ``expression``
            (``p(x) = \\sum_z p(x|z) p(z)``), ``log`` (``\\log \\tilde p(z) = ...``), ``unnormalised``
            (``p(x) \\propto \\exp(-E(x))``), ``transformed`` (``x = f(z)``); ``aggregated``, a mixture over the data
            (``q(z) = E_{p_data(x)}[q(z|x)]``), and ``pushed``, the law of a function of the data
    of      the density of every step of which this is one, ``p(x_{t-1}|x_t)`` of ``p(x_0|x_1)``
    """

    signature: Signature
    kind: str
    body: tree.Node
    span: Span
    of: Signature | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """``z ~ density`` as a statement: one draw, the same in every objective; ``of`` is the variable whose value before
    the first step it is, x of ``x_0``."""

    name: Name
    index: tuple[tree.Node, ...]
    density: tree.Node
    span: Span
    of: str | None = None


@dataclass(slots=True)
class Model:
    """All statements by what they are; ``sequences`` are joint densities over steps, ``q(z_{1:T}) = \\prod_t ...``;
    ``elements`` are the variables of which a space says what they are at an index,
    ``x_i \\in \\mathbb{R}^3``; ``counted`` are the numbers of examples in front of sums without a bound; ``mentioned``
    are the densities of its expressions as they were when somebody last asked, ``found`` what functions found."""

    objectives: list[Wanted] = field(default_factory=list)
    densities: list[Declared] = field(default_factory=list)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    elements: dict[str, str] = field(default_factory=dict)
    indices: Indices = field(default_factory=Indices)
    bounds: dict[str, tree.Node] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    constraints: list[tree.Chain] = field(default_factory=list)
    sizes: dict[tree.Node, tree.Node] = field(default_factory=dict)
    called: Called = field(default_factory=Called)
    sequences: list[Declared] = field(default_factory=list)
    counted: dict[tree.Node, str] = field(default_factory=dict)
    mentioned: list[Mentioned] = field(default_factory=list)
    found: dict[Any, tuple[tuple[tree.Node, ...], Indices, Any]] = field(default_factory=dict)

    @property
    def data_sizes(self) -> frozenset[str]:
        """The names that sums over the examples run to, or that divide them where they have no bound."""
        return DATA_SIZES & {str(upper) for upper in self.bounds.values()} | frozenset(self.counted.values())

    def expressions(self) -> Iterator[tree.Node]:
        """All that is computed: every member of every objective, and the body of every definition."""
        for wanted in self.objectives:
            yield from wanted.members
        for definition in self.definitions.values():
            yield definition.body


def read_model(statements: Sequence[tree.Statement], keys: Sequence[tree.Node], found: Diagnostics) -> Model:
    """Sort the statements; ``keys`` are the parsed keys of the bindings, which tell variables from indices."""
    model = Model()
    nodes = [*(statement.body for statement in statements), *keys]
    model.indices, model.bounds = find_indices(nodes)
    model.parameters = find_parameters(nodes, model.indices)
    model.variables = find_variables(nodes, model.indices) - model.parameters
    model.sizes = sizes_of(nodes)
    chains: list[tuple[tree.Statement, tree.Chain]] = []
    logs = _log_declarations(statements, keys)
    for statement in statements:
        body = statement.body
        if id(body) in logs:
            signature = read_signature(logs[id(body)], model.indices, model.parameters)
            model.densities.append(Declared(signature, "log", body.members[-1], body.span))  # type: ignore[attr-defined]
            continue
        if isinstance(body, tree.Chain) and (_mixes(model, body, nodes) or _declares(model, body, found)):
            continue
        if outputs := dict(outputs_defined(body, model.indices)):
            for name, each in outputs.items():
                enter_definition(model.definitions, name, each, body.span, found)
            continue
        if (
            isinstance(body, tree.Chain)
            and isinstance(body.members[0], tree.Symbol)
            and body.relations[0] in ("=", ":=")
        ):
            chains.append((statement, body))
        else:
            model.objectives.append(read_wanted(statement, body))
    _names_or_objectives(model, chains, [each.statement.body for each in model.objectives], found)
    model.objectives = [each for each in model.objectives if not _only_names(model, each)]
    if not model.objectives and (wanted := logarithm_wanted([each for each in statements if id(each.body) in logs])):
        model.objectives = [read_wanted(wanted, wanted.body)]
        model.densities = [each for each in model.densities if each.span != wanted.body.span]
    return model


def _only_names(model: Model, wanted: Wanted) -> bool:
    """``log p(x) >= bound`` beside ``log p(x) >= E_q[...]``: the first says only what the second is called."""
    last = wanted.members[-1]
    if (
        len(wanted.members) < 2
        or not isinstance(last, tree.Symbol)
        or read_name(last, model.indices).full in model.definitions
    ):
        return False
    return any(set(wanted.members[:-1]) & set(each.members) for each in model.objectives if each is not wanted)


# -- declarations --------------------------------------------------------------------------------------


def _declares(model: Model, chain: tree.Chain, found: Diagnostics) -> bool:
    """Enter the chain if it is a declaration; False if it must be something else."""
    left, relation, right = chain.members[0], chain.relations[0], chain.members[-1]
    if is_constraint(chain):
        model.constraints.append(chain)
        return True
    if relation == "in":
        for each in left.items if isinstance(left, tree.Tuple) else (left,):
            if isinstance(each, tree.Symbol):
                _declare_space(model, each, right, found)
        return True
    if relation == "~":
        for each in left.items if isinstance(left, tree.Tuple) else (left,):
            if isinstance(each, tree.Symbol):
                name = read_name(each, model.indices)
                model.drawn[name.id] = Drawn(name, name.index, right, chain.span)
        return True
    if relation in ("=", ":=", "propto") and is_density_call(left):
        assert isinstance(left, tree.Call)
        kind = _density_kind(relation, right)
        model.densities.append(Declared(read_signature(left, model.indices, model.parameters), kind, right, chain.span))
        return True
    return False


def _mixes(model: Model, chain: tree.Chain, nodes: Sequence[tree.Node]) -> bool:
    """Enter ``q(z) = E_{p_data(x)}[q(z|x)]``, a mixture over the data, if the chain is one."""
    left, right = chain.members[0], chain.members[-1]
    if chain.relations[0] not in ("=", ":=") or not isinstance(left, tree.Call) or not is_density_call(left):
        return False
    known = [each.members[0] if isinstance(each, tree.Chain) else each for each in nodes]
    body = mixed_over_data(left, right, model.indices, known)
    if body is not None:
        signature = read_signature(left, model.indices, model.parameters)
        model.densities.append(Declared(signature, AGGREGATED, body, chain.span))
    return body is not None


def _density_kind(relation: str, right: tree.Node) -> str:
    if relation == "propto":
        return "proportional" if all(map(_is_expert, _factors(right))) else "unnormalised"
    if isinstance(right, tree.Call) and registry.family_by_spelling(spelling(right.head)):
        return "family"
    return "factors" if all(isinstance(each, tree.Call) for each in _factors(right)) else "expression"


def _factors(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.factors if isinstance(node, tree.Mul) else (node,)


def _is_expert(node: tree.Node) -> bool:
    """A density, a family written out, or a power of one."""
    base = node.base if isinstance(node, tree.Power) else node
    written = isinstance(base, tree.Call) and registry.family_by_spelling(spelling(base.head)) is not None
    return written or is_density_call(base)


def _log_declarations(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> dict[int, tree.Call]:
    """The statements ``log p(z) = ...`` that say what the density is: nothing else does, another statement uses it,
    and nothing is drawn on the right (which would be an identity or a bound)."""
    found: dict[int, tree.Call] = {}
    for statement in statements:
        body = statement.body
        if not isinstance(body, tree.Chain) or body.relations != ("=",):
            continue
        left = body.members[0]
        call = left.operand if isinstance(left, tree.Prefix) and left.name == "log" else None
        others = [each.body for each in statements if each is not statement]
        if (
            isinstance(call, tree.Call)
            and isinstance(call.head, tree.Symbol)
            and call not in keys
            and not any(isinstance(each, tree.Chain) and each.members[0] == call for each in others)
            and any(_mentions_head(each, call.head) for each in others)
            and not any(isinstance(each, tree.Expect | tree.Divergence) for each in body.members[-1].walk())
        ):
            found[id(body)] = call
    return found


def _mentions_head(root: tree.Node, head: tree.Symbol) -> bool:
    return any(each == head for each in root.walk())


def _declare_space(model: Model, symbol: tree.Symbol, right: tree.Node, found: Diagnostics) -> None:
    name = read_name(symbol, model.indices)
    space = read_space(at_sizes(right, model.sizes))
    if space is None:
        found.error(
            "F2D-0210",
            f"this space is not understood: {right.span.text}",
            right.span,
            "write \\mathbb{R}^{16}, \\{0,1\\}^{64}, [0,1]^{64} or \\{1, \\dots, 10\\}",
        )
        return
    model.spaces[name.id] = space
    if name.index and space.shape != () and (index := plain(name.index[-1])) is not None:
        model.elements[name.id] = index


# -- definitions and objectives ------------------------------------------------------------------------


def _names_or_objectives(
    model: Model,
    chains: Sequence[tuple[tree.Statement, tree.Chain]],
    others: Sequence[tree.Node],
    found: Diagnostics,
) -> None:
    """``name = body`` is a definition if the name is used elsewhere, and an objective if the body is one."""
    declared = [each.body for each in model.densities] + [each.density for each in model.drawn.values()]
    roots = (*others, *declared, *(each.members[-1] for _, each in chains))
    uses = Counter(name for root in roots for name in _names_in(root, model.indices))
    unused: list[tuple[tree.Statement, tree.Chain, Name]] = []
    for statement, chain in chains:
        left = chain.members[0]
        assert isinstance(left, tree.Symbol)
        name = read_name(left, model.indices, head=left.style == "cal" or left.letter in ("L", "J"))
        used = uses[name] > (name in _names_in(chain.members[-1], model.indices))
        if not used and (is_objective_like(chain.members[-1]) or _sums_objectives(model, chain.members[-1], chains)):
            model.objectives.append(read_wanted(statement, chain))
        else:
            enter_definition(model.definitions, name, chain.members[-1], chain.span, found)
            if not used and names_objective(left) and any(isinstance(each, tree.Big) for each in chain.walk()):
                unused.append((statement, chain, name))
    if not model.objectives and len(unused) == 1:  # a loss by its name alone, made of sums
        statement, chain, name = unused[0]
        del model.definitions[name.full]
        model.objectives.append(read_wanted(statement, chain))


def _names_in(root: tree.Node, indices: frozenset[str]) -> set[Name]:
    """The names that an expression uses, as those of values and of functions."""
    symbols = root.all(tree.Symbol)
    return {read_name(each, indices, head) for each in symbols for head in (False, True)}


def _sums_objectives(model: Model, body: tree.Node, chains: Sequence[tuple[tree.Statement, tree.Chain]]) -> bool:
    """Is the expression made of named pieces of which one is an objective: ``L_{rec} + \\beta L_{KL}``?"""
    for _, chain in chains:
        left = chain.members[0]
        assert isinstance(left, tree.Symbol)
        name = read_name(left, model.indices, head=True)
        if is_objective_like(chain.members[-1]) and name in _names_in(body, model.indices):
            return True
    return False
