"""What an expectation binds: which variables, drawn from which laws, along which axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities import Density, Use, ancestral_order
from formula2dgm.resolve.inputs import add_input
from formula2dgm.resolve.laws import Evaluate, family_law, law_of, variable_shape
from formula2dgm.resolve.lookup import find_uses
from formula2dgm.resolve.names import Name, plain, read_name
from formula2dgm.resolve.signature import Signature, read_signature
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Names that say "the data", and the labels that say it on a density's letter.
DATA_NAMES = frozenset(("data", "D", "calD"))
DATA_LABELS = frozenset(("data", "real", "emp", "empirical", "train", "D", "calD", "r", "star", "gt"))


#: Letters that papers draw from a prior when nothing else is said.
NOISE_LETTERS = frozenset(("z", "epsilon", "eps", "u", "xi"))


@dataclass(slots=True)
class Bound:
    """What a list of binders binds.

    values      variable id -> node
    draws       the random nodes among them, in ancestral order
    batch       the data set whose examples are averaged here (a written data expectation), or None
    enumerated  finite variables that are summed exactly: (law, its values, axis)
    averages    sample axes to average (K draws by the option ``samples``)
    outside     the values that enclosing brackets bind
    nonlinear   the bracket stands under a function that is not linear
    """

    values: dict[str, ir.Node] = field(default_factory=dict)
    draws: list[ir.Node] = field(default_factory=list)
    batch: Axis | None = None
    enumerated: list[tuple[ir.Law, ir.Node, Axis]] = field(default_factory=list)
    averages: list[Axis] = field(default_factory=list)
    outside: frozenset[ir.Node] = frozenset()
    nonlinear: bool = False


def bind(context: Context, binders: Sequence[tree.Node], scope: Scope, evaluate: Evaluate) -> Bound:
    """Bind all items of an expectation's subscript, in ancestral order."""
    bound = Bound()
    inner = scope
    bound.nonlinear = not all(linear for _, linear in scope.path)
    items = [each for item in binders for each in binder_items(context, item)]
    for names, source in _ordered(context, items):
        if is_data_source(context, source, names):
            _bind_data(context, names, source, bound, inner)
        elif source is None:
            _bind_named(context, names, bound, inner, evaluate)
        else:
            _bind_draws(context, names, source, bound, inner, evaluate)
        inner = scope.bind(bound.values)
    return bound


Item = tuple[tuple[tree.Node, ...], tree.Node | None]


def binder_items(context: Context, item: tree.Node) -> list[Item]:
    """One binder as (the names it binds, the density they come from)."""
    if isinstance(item, tree.Draws):
        names = tuple(each for name in item.names for each in (name.items if isinstance(name, tree.Tuple) else (name,)))
        return [(names, item.density)]
    if isinstance(item, tree.Mul):
        return [each for factor in item.factors for each in binder_items(context, factor)]
    if isinstance(item, tree.Call):
        return [(item.args, item)]
    return [((item,), None)]


def _ordered(context: Context, items: list[Item]) -> list[Item]:
    """Samplers with parents first: a density waits for the variables it is given that the list binds too."""
    waiting = list(items)
    done: list[Item] = []
    while waiting:
        unbound = {name for names, _ in waiting for name in _ids(context, names)}
        ready = next(
            (each for each in waiting if not (_given(context, each[1]) & (unbound - _ids(context, each[0])))),
            waiting[0],
        )
        waiting.remove(ready)
        done.append(ready)
    return done


def _ids(context: Context, names: Sequence[tree.Node]) -> set[str]:
    return {read_name(each, context.model.indices).id for each in names if isinstance(each, tree.Symbol)}


def _given(context: Context, density: tree.Node | None) -> set[str]:
    if not isinstance(density, tree.Call):
        return set()
    return _ids(context, [symbol for each in density.given or () for symbol in each.walk()])


# -- data ----------------------------------------------------------------------------------------------


def is_data_source(context: Context, density: tree.Node | None, names: Sequence[tree.Node] = ()) -> bool:
    """Is this the empirical distribution: named so, or a variable that no density of the program is over?"""
    if density is None:
        return bool(names) and all(_is_plain_data(context, each) for each in names)
    head = density.head if isinstance(density, tree.Call) else density
    if not isinstance(head, tree.Symbol) or (isinstance(density, tree.Call) and _family_named(head)):
        return False
    name = read_name(head, context.model.indices, head=True)
    if name.id in DATA_NAMES or DATA_LABELS & set(name.labels):
        return True
    if name.letter in ("p", "P", "q") and "hat" in name.accents:
        return True
    return isinstance(density, tree.Call) and _only_sampled(context, density)


def _is_plain_data(context: Context, node: tree.Node) -> bool:
    if not isinstance(node, tree.Symbol):
        return False
    name = read_name(node, context.model.indices)
    known = name.id in context.model.drawn or name.id in context.model.definitions or name.id in context.latent
    return not known and name.id in context.model.variables and not _density_over(context, name)


def _density_over(context: Context, name: Name) -> list[Density]:
    return [
        each
        for each in context.densities.all
        if len(each.signature.variables) == 1
        and each.signature.variables[0] is not None
        and each.signature.variables[0].id == name.id
        and not each.signature.given
    ]


def _only_sampled(context: Context, density: tree.Call) -> bool:
    """An unconditional density that is bound to nothing is the data's own; not one over a letter of noise."""
    if density.given or not isinstance(density.head, tree.Symbol):
        return False
    signature = read_signature(density, context.model.indices, context.model.parameters)
    if any(each.id in context.latent or each.letter in NOISE_LETTERS for each in signature.variables if each):
        return False
    if context.densities.find(signature) or context.densities.factorise(signature):
        return False
    context.assume(f"{density} is bound to nothing and only drawn from: it is the data", density.span)
    return True


def _bind_data(
    context: Context, names: Sequence[tree.Node], source: tree.Node | None, bound: Bound, scope: Scope
) -> None:
    """Bind data variables. In ``p(x) p(y)`` the second is a permuted copy; ``p(x) p(y|x)`` are pairs."""
    given = _given(context, source) & set(scope.values)
    others = {name for name, node in scope.values.items() if isinstance(node, ir.Data)} - _ids(context, names)
    independent = source is not None and not given and bool(others)
    for symbol in (each for each in names if isinstance(each, tree.Symbol)):
        name = read_name(symbol, context.model.indices)
        original = replace(name, accents=tuple(each for each in name.accents if each != "prime"))
        add_input(context, original, (scope.batch,), symbol)
        node: ir.Node = context.arena.make(ir.Data, original.id, (scope.batch,), origin=symbol)
        if independent or original.id != name.id:
            node = context.arena.make(ir.Permuted, node, name.id, scope.batch, origin=symbol)
            context.assume(f"{name.id} is paired at random: a permutation of the batch", symbol.span)
            bound.draws.append(node)
        bound.values[name.id] = node
    if not given:
        bound.batch = scope.batch


# -- draws ---------------------------------------------------------------------------------------------


def _bind_named(context: Context, names: Sequence[tree.Node], bound: Bound, scope: Scope, evaluate: Evaluate) -> None:
    """A bare name: a density's letter (``E_q``), a drawn or defined variable, or one whose prior is known."""
    for node in names:
        if not isinstance(node, tree.Symbol):
            raise context.refuse(
                "F2D-0401",
                f"an expectation cannot bind {node}",
                node.span,
                "write E_{z ~ q(z|x)}[...] or E_q(z|x)[...]",
            )
        name = read_name(node, context.model.indices)
        if name.id in context.model.drawn:
            bound.values[name.id] = evaluate(node, scope)
            bound.draws.append(bound.values[name.id])
        elif name.id in context.model.definitions:
            bound.values[name.id] = evaluate(node, scope)
            bound.draws += _draws_in(bound.values[name.id])
        elif priors := _density_over(context, name):
            bind_factor(context, Use(priors[0], (node,), ()), bound, scope, evaluate, ())
        elif letter := _of_letter(context, node):
            for use in letter:
                bind_factor(context, use, bound, scope.bind(bound.values), evaluate, ())
        elif name.id in context.latent and context.options.scaffold:
            signature = Signature("p", (), (name,), (), (node,))
            context.densities.all.append(Density(signature))
            bind_factor(context, Use(context.densities.all[-1], (node,), ()), bound, scope, evaluate, ())
        else:
            raise context.refuse(
                "F2D-0402",
                f"{name.id} is drawn from nothing: no density over it is known",
                node.span,
                f"write what it is drawn from: E_{{{name.id} ~ p({name.id})}}",
            )


def _draws_in(node: ir.Node) -> list[ir.Node]:
    found: dict[ir.Node, None] = {}
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, ir.Draw | ir.Permuted):
            found.setdefault(each)
        stack.extend(each.children)
    return list(found)


def _of_letter(context: Context, head: tree.Symbol) -> list[Use]:
    """``E_q``: the densities of that letter, in ancestral order, each at its own variables."""
    name = read_name(head, context.model.indices, head=True)

    def near() -> list[Density]:
        return [
            each
            for each in context.densities.all
            if each.signature.head == name.id and (not name.group or name.group == each.signature.group)
        ]

    if not near():
        for call in calls_of(context, name):
            find_uses(context, call)
    return [
        Use(each, each.signature.slots[: each.signature.arity[0]], each.signature.slots[each.signature.arity[0] :])
        for each in ancestral_order(near()) or []
    ]


def calls_of(context: Context, head: Name) -> list[tree.Call]:
    """The densities of a letter that the objectives mention."""
    return [
        each
        for wanted in context.model.objectives
        for member in wanted.members
        for each in member.walk()
        if isinstance(each, tree.Call)
        and isinstance(each.head, tree.Symbol)
        and read_name(each.head, context.model.indices, head=True) == head
    ]


def _bind_draws(
    context: Context, names: Sequence[tree.Node], source: tree.Node, bound: Bound, scope: Scope, evaluate: Evaluate
) -> None:
    """``z_{1:K} ~ q(z|x)``, ``q(z|x)``, ``z ~ N(0, I)``: one draw for each variable."""
    axes = tuple(axis for each in names for axis in written_axes(context, each))
    if isinstance(source, tree.Call) and isinstance(source.head, tree.Symbol) and _family_named(source.head):
        if not isinstance(names[0], tree.Symbol) or (names is source.args and source.params is None):
            raise context.refuse(
                "F2D-0401", f"{source} does not say what is drawn from it", source.span, f"write z ~ {source}"
            )
        name = read_name(names[0], context.model.indices)
        law = sized(context, name, family_law(context, source, None, scope, evaluate))
        _enter(context, name, law, bound, scope, axes, source.span)
        return
    if isinstance(source, tree.Symbol):
        source = tree.Call(source, tuple(_unindexed(context, each) for each in names), span=source.span)
    if not isinstance(source, tree.Call):
        raise context.refuse("F2D-0401", f"{source} is no density to draw from", source.span)
    for use in find_uses(context, source):
        bind_factor(context, use, bound, scope.bind(bound.values), evaluate, axes)


def _family_named(head: tree.Symbol) -> bool:
    return registry.family_by_spelling(head.style + head.letter) is not None


def _unindexed(context: Context, node: tree.Node) -> tree.Node:
    if not isinstance(node, tree.Symbol):
        return node
    name = read_name(node, context.model.indices)
    return tree.Symbol(
        node.letter,
        node.accents,
        tuple(each for each in node.sub if each not in name.index),
        (),
        node.style,
        span=node.span,
    )


def bind_factor(
    context: Context, use: Use, bound: Bound, scope: Scope, evaluate: Evaluate, axes: tuple[Axis, ...]
) -> None:
    law = law_of(context, use, scope, evaluate)
    if len(use.variables) != 1 or not isinstance(use.variables[0], tree.Symbol):
        raise context.refuse(
            "F2D-0403",
            f"{use.density.label} draws several variables at once",
            use.variables[0].span,
            "write it as a product of conditionals",
        )
    name = read_name(use.variables[0], context.model.indices)
    if not axes and (axes := _draws_beside(context, name, use.density)):
        bound.averages += axes
    _enter(context, name, law, bound, scope, axes, use.variables[0].span)


def _draws_beside(context: Context, name: Name, density: Density) -> tuple[Axis, ...]:
    """The K draws that another bracket writes over the same factor: this one averages over them."""
    for source, axes in context.written_draws.get(name.id, []):
        if isinstance(source, tree.Call) and any(use.density is density for use in find_uses(context, source)):
            return axes
    return ()


def _enter(
    context: Context, name: Name, law: ir.Law, bound: Bound, scope: Scope, axes: tuple[Axis, ...], span: Span
) -> None:
    """Bind one variable to a draw, or, for a finite one, to all its values."""
    family = registry.family(law.family)
    if not family.pathwise:
        estimator = context.options.estimators.get(name.id, "enumerate")
        if estimator != "enumerate" or not family.finite or axes:
            raise no_gradient(context, name, law, span)
        axis = Axis("enumeration", name.id)
        values = context.arena.make(ir.Enumerated, law, axis)
        bound.values[name.id] = values
        bound.enumerated.append((law, values, axis))
        context.assume(f"the expectation over {name.id} is summed over all its values")
        return
    if not axes and (count := samples_of(context, name.id)) > 1:
        axis = Axis("sample", name.id, count)
        bound.averages.append(axis)
        axes = (axis,)
    node = draw(context, name, law, axes, scope)
    bound.values[name.id] = node
    bound.draws.append(node)


def no_gradient(context: Context, name: Name, law: ir.Law, span: Span) -> Exception:
    """A draw that no gradient passes through: an error, never a silently missing gradient."""
    way_out = f"write an expectation, E_{{{name.id} ~ {law.label}}}[...]: it is summed over all values of {name.id}"
    return context.refuse(
        "F2D-0404",
        f"no gradient passes through a draw of {name.id}: {law.label} is {law.family}",
        span,
        way_out if registry.family(law.family).finite else None,
    )


def samples_of(context: Context, variable: str) -> int:
    """How many draws of a variable the option ``samples`` asks for."""
    chosen = context.options.samples
    return chosen if isinstance(chosen, int) else chosen.get(variable, 1)


def draw(context: Context, name: Name, law: ir.Law, axes: tuple[Axis, ...], scope: Scope) -> ir.Node:
    """The draw of a variable from a law at this place: shared with other brackets where that changes nothing."""
    own = (*scope.replicates, *axes)
    if not scope.common and not any(axis.kind == "batch" for axis in law.axes):
        own = (*own, scope.batch)
    copy = context.draws.copy_for(name.id, law, own, scope.path, context.options.share_samples)
    site = context.draws.site(name.id, law, own, copy)
    return context.arena.make(ir.Draw, law, site, own, copy)


def sized(context: Context, name: Name, law: ir.Law) -> ir.Law:
    """A written family with the event shape that a space or an option gives the variable it is drawn for."""
    shape = variable_shape(context, name)
    if law.shape is not None or law.scalar or shape is None:
        return law
    return context.arena.make(ir.Law, law.label, law.family, law.params, shape, law.scalar, law.options)


def law_of_binder(context: Context, source: tree.Node, name: Name, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """The law of a statement ``z ~ source``."""
    if isinstance(source, tree.Call) and isinstance(source.head, tree.Symbol) and _family_named(source.head):
        return sized(context, name, family_law(context, source, None, scope, evaluate))
    if isinstance(source, tree.Symbol):
        own = tree.Symbol(name.letter, name.accents, (), (), name.style, span=source.span)
        source = tree.Call(source, (own,), span=source.span)
    if isinstance(source, tree.Call):
        uses = find_uses(context, source)
        if len(uses) == 1:
            return law_of(context, uses[0], scope, evaluate)
    raise context.refuse("F2D-0401", f"{source} is no density to draw {name.id} from", source.span)


def written_axes(context: Context, node: tree.Node) -> tuple[Axis, ...]:
    """``z_{1:K}`` -> its sample axis."""
    if not isinstance(node, tree.Symbol):
        return ()
    name = read_name(node, context.model.indices)
    keys = [str(each.upper) if isinstance(each, tree.Range) else plain(each) for each in name.index]
    return tuple(context.sample_axes[key] for key in keys if key in context.sample_axes)
