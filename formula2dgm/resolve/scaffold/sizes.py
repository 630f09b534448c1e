"""Event shapes of what a default network takes in and returns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from formula2dgm.bindings import NetworkValue
from formula2dgm.completion.densities.class_sums import classes_read
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import SizedInput
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.stopped import unstopped
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.class_scores import classes_scored, scores_classes
from formula2dgm.resolve.flows.volumes import volumes
from formula2dgm.resolve.processes.noise_processes import processes
from formula2dgm.resolve.scaffold.score_maps import is_default_map
from formula2dgm.resolve.statements.meeting import Meetings, Part
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.once import once
from formula2dgm.resolve.statements.outputs import OutputOf
from formula2dgm.resolve.statements.scales import is_logistic
from formula2dgm.resolve.values.matrices import names_matrix, transposed
from formula2dgm.resolve.values.shapes import shape_of
from formula2dgm.resolve.values.terms_of_numbers import are_numbers
from formula2dgm.syntax import tree

#: The event shape of a latent variable that no space and no option sizes.
LATENT_SHAPE = (16,)
#: The event shape of what a default recurrence carries, and of what a default network makes of a sequence.
STATE_SHAPE = (32,)


def event_shape(context: Context, name: Name) -> tuple[int, ...] | None:
    """The event shape of a variable: an option, a space, that of what it meets, a default, or None (the data's)."""
    shape = said_shape(context, name.id) or said_shape(context, name.base)
    return shape if shape is not None else _shape_beside(context, Part("variable", name.id))


def result_shape(context: Context, network: str) -> tuple[int, ...] | None:
    """The event shape of what a network returns: that of what it meets, a code where another network takes it in,
    else a number; None where it is the data's to say."""
    part = Part("result", network)
    if (classes := _classes_of(context, network)) is not None:
        return (classes,)
    if scores_classes(context, network) and (classes := classes_scored(context, network)) is not None:
        return (classes,)
    if _is_beside_inner_product(context, network):
        return (1,)  # a number that a vector may be multiplied by behind it
    logistic = frozenset({"sigma"}) - context.named.values.keys()
    beside = [each for each in parts_beside(context, part) if each.name not in logistic]
    if all(each.name == network for each in beside):
        many = scores_classes(context, network) or _is_beside_map(context, network)
        return _shape_beside(context, part) if many else ()
    if all(each.kind == "result" for each in beside) and are_numbers(context, {each.name for each in beside}):
        return ()
    return _shape_beside(context, part)


def _classes_of(context: Context, network: str) -> int | None:
    """How many classes a network's result has an entry for, where the text reads it at one or sums over all."""
    spaces = {name: space.classes for name, space in context.model.spaces.items() if space.classes is not None}
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    found = classes_read(roots, spaces)
    names = ((read_name(head, context.model.indices, head=True).full, count) for head, count in found)
    return next((count for name, count in names if name == network), None)


def _is_beside_inner_product(context: Context, network: str) -> bool:
    """Is what the network returns added to a number: b of ``w(x)^\\top z + b(x)``?"""
    turned = once(context.model, _turned_beside)
    return any(not names_matrix(context, each) for each in turned.get(network, ()))


def _turned_beside(model: Model) -> dict[str, list[tree.Node]]:
    """The networks whose results are added to products with a transposed factor, and those: a of ``a^\\top b``."""
    found: dict[str, list[tree.Node]] = {}
    for node in (each for root in model.expressions() for each in root.all(tree.Add)):
        terms = [each.body if isinstance(each, tree.Neg) else each for each in node.terms]
        factors = (each for term in terms if isinstance(term, tree.Mul) for each in term.factors[:-1])
        if turned := [each for each in map(transposed, factors) if each is not None]:
            for name in (each for term in terms if (each := _network_of(model, term)) is not None):
                found.setdefault(name, []).extend(turned)
    return found


def _is_beside_map(context: Context, network: str) -> bool:
    """Is what the network returns f or g of ``f(x)^\\top W g(y)``, W a default matrix?"""
    products = (each for root in context.model.expressions() for each in root.all(tree.Mul))
    for factors in (each.factors for each in products):
        for left, middle, right in zip(factors, factors[1:], factors[2:], strict=False):
            turned = transposed(left)
            if turned is not None and is_default_map(context, transposed(middle) or middle):
                if any(_calls(context, _meant(context, each), network) for each in (turned, right)):
                    return True
    return False


def _meant(context: Context, node: tree.Node) -> tree.Node:
    """``f(x)`` of a q that the text defines so."""
    if not isinstance(node, tree.Symbol):
        return node
    definition = context.model.definitions.get(read_name(node, context.model.indices, head=True).full)
    return node if definition is None else definition.body


def _calls(context: Context, node: tree.Node, network: str) -> bool:
    return _network_of(context.model, node) == network


def _network_of(model: Model, node: tree.Node) -> str | None:
    """What a call is of."""
    head = node.head if isinstance(node, tree.Call) else None
    return read_name(head, model.indices, head=True).full if isinstance(head, tree.Symbol) else None


def data_beside(context: Context, part: Part) -> str | None:
    """The data variable whose shape a part has."""
    return next((each.name for each in parts_beside(context, part) if is_data(context, each)), None)


def _shape_beside(context: Context, part: Part) -> tuple[int, ...] | None:
    beside = parts_beside(context, part)
    said = [
        shape for each in beside if each.kind == "variable" and (shape := said_shape(context, each.name)) is not None
    ]
    if said:
        return _of_vectors(said)
    if any(is_data(context, each) for each in beside):
        return None
    if part.kind == "variable" and part.name not in context.latent:
        return None
    context.assume(f"{_described(part)} has {LATENT_SHAPE[0]} dimensions")
    return LATENT_SHAPE


def met_shape(context: Context, name: str) -> tuple[int, ...] | None:
    """The event shape that an option or a space says of a variable, or of one that it meets."""
    parts = (each for each in parts_beside(context, Part("variable", name)) if each.kind == "variable")
    said = [shape for each in parts if (shape := said_shape(context, each.name)) is not None]
    return _of_vectors(said) if said else None


def _of_vectors(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that is said first of what meets; a number, t of ``t x``, says it only where nothing else does."""
    return next((each for each in shapes if each), shapes[0])


def state_shape(context: Context, key: str) -> tuple[int, ...] | None:
    """The event shape of what ``h_t = f(...)`` defines, where something says it: an option, a space, the bound module
    that makes it; that of a default network."""
    if (said := said_shape(context, key)) is not None:
        return said
    head = _defining_network(context, key)
    binding = context.named.find(head) if head is not None else None
    if binding is not None:
        value = binding.value
        if not isinstance(value, NetworkValue):
            return None
        size = value.recurrent.size if value.recurrent is not None else value.hidden_size
        return (size,) if size is not None else None
    return recurrent_shape(context, head.full, key) if head is not None and context.options.scaffold else None


def _defining_network(context: Context, key: str) -> Name | None:
    """f of ``h_t = f(...)`` and of ``(h_t, c_t) = f(...)``."""
    definition = context.model.definitions.get(key)
    body = definition.body if definition is not None else None
    body = body.body if isinstance(body, OutputOf) else body
    head = body.head if isinstance(body, tree.Call) else None
    return read_name(head, context.model.indices, head=True) if isinstance(head, tree.Symbol) else None


def recurrent_shape(context: Context, network: str, key: str | None) -> tuple[int, ...] | None:
    """The event shape of what a default network makes of a sequence or carries; None where it is the data's to say."""
    beside = [*parts_beside(context, Part("result", network))]
    beside += parts_beside(context, Part("variable", key)) if key is not None else ()
    variables = [each for each in beside if each.kind == "variable"]
    said = [shape for each in variables if (shape := said_shape(context, each.name)) is not None]
    if said:
        return said[0]
    if any(is_data(context, each) for each in variables):
        return None
    context.assume(f"{key or f'the output of {network}'} has {STATE_SHAPE[0]} dimensions")
    return STATE_SHAPE


def parts_beside(context: Context, part: Part) -> tuple[Part, ...]:
    """All that has the shape of a part, the part first."""
    if context.meetings is None:
        known = context.model.variables | context.latent
        entrywise = partial(is_logistic, context)
        context.meetings = Meetings(context.model, known, volumes(context), processes(context), entrywise)
    return context.meetings.beside(part)


def said_shape(context: Context, name: str) -> tuple[int, ...] | None:
    """What an option or a space says of a variable's shape: of z_0 and z_K, too, what it says of z."""
    stem, _, number = name.rpartition("_")
    for each in (name, stem) if stem and (number.isdigit() or len(number) == 1) else (name,):
        if each in context.options.dims:
            return (context.options.dims[each],)
        if (space := context.model.spaces.get(each)) is not None:
            return space.shape
    return None


def is_data(context: Context, part: Part) -> bool:
    """Is the part a data variable?"""
    defined = part.name in context.model.definitions or part.name in context.latent
    return part.kind == "variable" and part.name in context.model.variables and not defined


def _described(part: Part) -> str:
    return part.name if part.kind == "variable" else f"the output of {part.name}"


def head_shape(context: Context, variable: Name, family: str, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if family != "Categorical":
        return shape
    space = context.model.spaces.get(variable.id)
    classes = space.classes if space else None
    return (*(shape or ()), classes) if classes else None


def inputs_of(
    context: Context, label: str, written: tuple[tree.Node, ...], nodes: tuple[ir.Node, ...]
) -> tuple[SizedInput, ...]:
    """A default network's arguments with their event shapes, or the data variables that have them; one that has none,
    or none that is known, is an error."""
    out: list[SizedInput] = []
    for position, (each, node) in enumerate(zip(map(unstopped, written), nodes, strict=False)):
        name, shape = input_name(each, position), shape_of(context, node)
        if shape is None:
            shape = _input_shape(context, each)
        if node.event == "number" and not any(other.axes for other in nodes):
            hint = f"bind a network of your own to {label}"
            raise context.refuse("F2D-0419", f"the default network for {label} cannot take a number", each.span, hint)
        if shape is None and name not in context.inputs:
            hint = f"say it (dims={{{name!r}: 16}}, --dim {name}=16), or bind a network of your own to {label}"
            raise context.refuse("F2D-0419", f"nothing says the size of {each} for {label}", each.span, hint)
        named = isinstance(each, tree.Symbol) or not isinstance(shape, str)
        out.append((name if named else str(shape), shape))
    return tuple(out)


def _input_shape(context: Context, node: tree.Node) -> tuple[int, ...] | str | None:
    """The shape of a variable, or the data variable that has it; of a sum or a product, that of the first part that
    has one: ``x - \\sigma(c)``, ``c(t) x``."""
    if isinstance(node, tree.Add | tree.Neg | tree.Mul | tree.Div):
        shapes = (_input_shape(context, each) for each in node.children)
        return next((each for each in shapes if each is not None), None)
    if not isinstance(node, tree.Symbol):
        return None
    name = read_name(node, context.model.indices)
    if name.full in context.model.definitions and (made := state_shape(context, name.full)) is not None:
        return made
    shape = event_shape(context, name)
    return shape if shape is not None else data_beside(context, Part("variable", name.id))


def classes_of(
    context: Context,
    inputs: tuple[SizedInput, ...],
    written: Sequence[tree.Node | None] = (),
) -> tuple[tuple[str, int], ...]:
    """The inputs whose space is a set of categories, with their number; ``written`` is what they are in the text: the
    space of z is that of ``z_{t-1}``."""
    symbols = [each if isinstance(each, tree.Symbol) else None for each in (*written, *[None] * len(inputs))]
    found = []
    for (name, _), symbol in zip(inputs, symbols, strict=False):
        own = read_name(symbol, context.model.indices).id if symbol is not None else name
        space = context.model.spaces.get(name) or context.model.spaces.get(own)
        if space is not None and space.classes is not None:
            found.append((name, space.classes))
    return tuple(found)


def whole_numbers(inputs: Sequence[SizedInput], nodes: Sequence[ir.Node]) -> tuple[str, ...]:
    """The inputs that are the positions of an index, or drawn steps: ``t`` in ``f(x_t, t)``."""
    return tuple(name for (name, _), node in zip(inputs, nodes, strict=False) if _is_step(node))


def _is_step(node: ir.Node) -> bool:
    drawn = isinstance(node, ir.Draw) and node.law.family == "DiscreteUniform"
    return drawn or isinstance(node, ir.Index)


def input_name(node: tree.Node, position: int) -> str:
    """What a network's argument is called: the variable's name, ``z_previous`` for ``z_{t-1}``, or its position."""
    if not isinstance(node, tree.Symbol):
        return f"input_{position}"
    return read_name(node, frozenset()).id.replace("_t_minus_1", "_previous").replace("_t_plus_1", "_next")
