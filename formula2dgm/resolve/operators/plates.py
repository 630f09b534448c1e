"""Plates inside an example: ``E_{q(z|x)}[\\sum_{i=1}^n \\log p(x_i|z)]`` over data ``[batch, n, event...]``.

A sum over data runs over the data set itself, or over the entries of a vector.  It runs inside each example where what
stands beside the indexed data belongs to an example and has no such index:

-   a variable that is drawn outside the sum given data, ``z`` of ``q(z|x)`` or ``q(z|x_{1:n})``;
-   another data variable, the label ``y`` of ``\\sum_{i=1}^n \\log p(x_i|y)``, unless the sum runs to N;
-   a density or a network that is given the sum, ``p(y|r)`` with ``r = \\sum_{m=1}^M f(x_m)``, unless it runs to N;
-   the example itself, where an expectation over the data binds it: ``E_{p_data(x)}[\\sum_{i=1}^n f(x_i)]``.

``\\sum_{d=1}^D`` and sums to a number run over entries, unless a space says that these are vectors, ``x_d \\in R^3``,
or x is known to have another number of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.ir.axes import Axis
from formula2dgm.reading.data_names import is_data_name
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.data.sources import is_data_source
from formula2dgm.resolve.densities.mentioned import mentioned
from formula2dgm.resolve.operators.binder_items import binder_items
from formula2dgm.resolve.operators.pairs import BATCH_SIZES
from formula2dgm.resolve.operators.set_sums import is_given
from formula2dgm.resolve.statements.hyperparameters import given_number, hyperparameter
from formula2dgm.resolve.values.entries import runs_over_entries
from formula2dgm.syntax import tree

#: The upper bound that means the data set wherever that is possible.
DATA_SET = "N"


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum or product over an index, with the variables that expectations over the data around it bind."""

    node: tree.Big
    index: str
    upper: tree.Node | None
    examples: frozenset[str]


def find_plates(context: Context) -> None:
    """Enter the plates of the formula: their axes, and the variables that have them."""
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    names = Names.of(roots, context.model.indices)
    sums = [each for root in roots for each in _sums(context, root, frozenset())]
    found = 0
    while sums:
        for each in sums:
            carriers = _carriers(context, each.node.body, each.index)
            if carriers and _is_plate(context, each, names):
                _refuse_other_parts(context, each, carriers)
                enter_plate(context, each.index, each.upper, carriers, each.node)
        if len(context.plates) == found:  # a sum beside what is made of a plate is one, too
            return
        found = len(context.plates)


def enter_plate(
    context: Context, index: str, upper: tree.Node | None, carriers: dict[str, tuple[str, ...]], node: tree.Node
) -> Axis:
    """The axis of a plate, with the variables that run along it."""
    key = (index, str(upper))
    if key not in context.plates:
        context.plates[key] = Axis("plate", index, _size(context, upper, carriers))
        listed = ", ".join(carriers)
        context.assume(
            f"{index} runs inside each example, over an axis of its own: {listed} [batch, {index}, ...]", node.span
        )
    for name, indices in carriers.items():
        axes = tuple(axis for each in indices for (own, _), axis in context.plates.items() if own == each)
        if len(axes) > len(context.plated.get(name, ())):
            context.plated[name] = axes
    return context.plates[key]


def _size(context: Context, upper: tree.Node | None, carriers: Iterable[str]) -> int | str | None:
    """A number, a name with a number, or what the data say; a default network that reads all of x needs a number."""
    if isinstance(upper, tree.Number) and upper.text.isdigit():
        return int(upper.text)
    if not isinstance(upper, tree.Symbol):
        return None
    name = read_name(upper, context.model.indices)
    if given_number(context, name) is None and not (context.options.scaffold and _is_read_whole(context, carriers)):
        return None
    hyperparameter(context, name, upper, whole=True, an_axis=True)
    return name.full


def _is_read_whole(context: Context, variables: Iterable[str]) -> bool:
    wanted = frozenset(variables)
    nodes = (each for root in context.model.expressions() for each in root.walk())
    inside = (part for each in nodes if isinstance(each, tree.Call) for part in (*each.args, *(each.given or ())))
    names = (name for part in inside for name in _read(context, part) if name.id in wanted)
    return any(all(plain(each) is None for each in name.index) for name in names)


# -- where the sums stand --------------------------------------------------------------------------------


def _sums(context: Context, node: tree.Node, examples: frozenset[str]) -> Iterator[_Sum]:
    if isinstance(node, tree.Big) and node.op in ("sum", "prod"):
        for index, upper in binder_names(node):
            if index in context.model.indices and index not in context.sample_axes:
                yield _Sum(node, index, upper, examples)
    if isinstance(node, tree.Expect):
        examples |= _examples_bound(context, node)
    for each in node.children:
        yield from _sums(context, each, examples)


def _examples_bound(context: Context, node: tree.Expect) -> frozenset[str]:
    found: set[str] = set()
    for item in node.binders:
        for symbols, source in binder_items(context, item):
            if source is not None and is_data_source(context, source, symbols):
                read = [read_name(each, context.model.indices) for each in symbols if isinstance(each, tree.Symbol)]
                found |= {name.id for name in read if not name.index}
    return frozenset(found)


# -- whether they run inside an example ------------------------------------------------------------------


def _is_plate(context: Context, each: _Sum, names: Names) -> bool:
    if context.time is not None and each.index in context.time.indices:
        return False
    body, carriers = each.node.body, _carriers(context, each.node.body, each.index)
    if runs_over_entries(context, body, each.index, each.upper):
        said = any(context.model.elements.get(name) == each.index for name in carriers)
        return said or any(_has_other_size(context, name, each.upper) for name in carriers)
    if str(each.upper) in BATCH_SIZES:
        return False
    if carriers.keys() & each.examples:
        return True
    if str(each.upper) in context.batch_sizes:
        return False
    if str(each.upper) != DATA_SET and is_given(context, each.node):
        return True
    beside = {name.id for name in _read(context, body) if not name.index} - carriers.keys()
    latent = (name for name in beside & context.latent if occurs_free(body, frozenset((name,)), names))
    if any(_is_drawn_given_data(context, name, each.index) for name in latent):
        return True
    if any(_is_made_of_plate(context, name) for name in beside & set(context.model.definitions)):
        return str(each.upper) != DATA_SET
    data = (beside & context.model.variables) - context.latent - set(context.model.definitions)
    return str(each.upper) != DATA_SET and bool(data)


def _refuse_other_parts(context: Context, each: _Sum, carriers: dict[str, tuple[str, ...]]) -> None:
    """``x_j`` under a sum to C and ``x_i`` under a sum to M: they would be the same parts of x."""
    for name, indices in carriers.items():
        known = context.plated.get(name, ())
        if len(indices) > 1 or len(known) != 1:
            continue
        upper = next(upper for (_, upper), axis in context.plates.items() if axis == known[0])
        if upper != str(each.upper):
            bounds = " and ".join(
                f"to {end}" if end != "None" else "to no written end" for end in (upper, str(each.upper))
            )
            raise context.refuse(
                "F2D-0494",
                f"sums run over the parts of {name} {bounds}: these would be the same parts",
                each.node.span,
                f"give parts that are chosen another letter, {name}_{each.index} and u_j, or both sums one end",
            )


def _is_made_of_plate(context: Context, name: str) -> bool:
    """Is it defined by a sum over the parts of an example, ``r = \\frac1C \\sum_{j=1}^C h(u_j, v_j)``?"""
    definition = context.model.definitions[name]
    sums = definition.body.all(tree.Big)
    found = any((index, str(upper)) in context.plates for each in sums for index, upper in binder_names(each))
    return found and not definition.index


def _has_other_size(context: Context, variable: str, upper: tree.Node | None) -> bool:
    """Is the variable a vector of another number of entries than the sum counts: of more than a name of it is given?"""
    space = context.model.spaces.get(variable)
    size = context.options.dims.get(variable) or (space.shape[0] if space and space.shape else None)
    if isinstance(upper, tree.Symbol):
        counted = given_number(context, read_name(upper, context.model.indices, head=True))
        return size is not None and counted is not None and counted < size
    return isinstance(upper, tree.Number) and size is not None and upper.text != str(size)


def _is_drawn_given_data(context: Context, variable: str, index: str) -> bool:
    """Is a density over the variable given data, whole: ``q(z|x)``, ``q(z|x_{1:n})``, and not ``q(z|x_i)``?

    ``p(w|D)``, which a divergence is to, is of the data set as a whole, and draws nothing.
    """
    roots = [*context.model.expressions(), *(each.density for each in context.model.drawn.values())]
    nodes = [each for root in roots for each in root.walk()]
    targets = [each.right for each in nodes if isinstance(each, tree.Divergence)]
    for call in nodes:
        if isinstance(call, tree.Call) and is_density_call(call) and call.given:
            if call in targets and all(is_data_name(each) for each in call.given):
                continue
            over = {name.id for each in call.args for name in _read(context, each)}
            given = [name for each in call.given for name in _read(context, each)]
            if variable in over and any(_is_whole(context, name, index) for name in given):
                return True
    return False


def _is_whole(context: Context, name: Name, index: str) -> bool:
    data = name.id in context.model.variables and name.id not in context.latent
    return data and all(plain(each) != index for each in name.index)


def _carriers(context: Context, body: tree.Node, index: str) -> dict[str, tuple[str, ...]]:
    """The data variables that the body reads at the index, each with all its indices in order."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _read(context, body):
        indices = tuple(text for each in name.index if (text := plain(each)) is not None)
        known = name.id in context.model.variables and name.id not in context.latent
        bound = context.named.find(name) is not None or _has_posterior(context, name)
        if index in indices and known and not bound and name.id not in context.model.definitions:
            found[name.id] = max(found.get(name.id, ()), indices, key=len)
    return found


def _has_posterior(context: Context, name: Name) -> bool:
    """Is the variable latent, drawn here or not: is q(z|x) known or written, and p(x|z) the other way round?"""
    known = [each.signature for each in context.densities.all if each.binding is not None or each.declared is not None]
    known += [each for each in mentioned(context.model).all if each.given]
    posteriors = [each for each in known if each.head.split("_")[0] in POSTERIOR_LETTERS and name.id in each.ids[0]]
    likelihoods = [each for each in known if name.id in each.ids[1]]
    return any(one.ids[1] & other.ids[0] for one in posteriors for other in likelihoods)


def _read(context: Context, node: tree.Node) -> list[Name]:
    return [read_name(each, context.model.indices) for each in node.all(tree.Symbol)]
