r"""The weights of classes as papers write them: ``Cat(y; \pi)``, and ``Cat(y; \tfrac{1}{10})``, one for all.

A name that stands for the weights and is bound to nothing is a learned vector of them; no number can be one.
"""

from __future__ import annotations

from formula2dgm.bindings import NumberValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, identifier, plain, read_name
from formula2dgm.reading.numbers import value_of
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def class_logits(context: Context, label: str, variable: Name | None, argument: tree.Node) -> ir.Node | None:
    """The logits of weights that are one number for each class, or a name that nothing binds; None for anything else,
    which has a value of its own."""
    space = context.model.spaces.get(variable.id) or context.model.spaces.get(variable.base) if variable else None
    classes = space.classes if space is not None else None
    number = _number(context, argument)
    if number is None and isinstance(argument, tree.Symbol):
        number = _number_of_each(context, argument)
        if number is None and not _is_known(context, argument):
            return _learned(context, label, argument, classes)
    if number is None:
        return None
    return _equal(context, label, argument, number, classes)


def _equal(context: Context, label: str, argument: tree.Node, number: float, classes: int | None) -> ir.Node:
    """The same weight for all classes, which sum to 1."""
    count = classes if classes is not None else round(1 / number) if number > 0 else 0
    if count < 2 or abs(number * count - 1) > 1e-3:
        told = f"its {count} classes" if classes is not None else "no number of classes"
        raise context.refuse(
            "F2D-0301",
            f"{argument} as the weight of every class of {label} is for {told}: the weights do not sum to 1",
            argument.span,
            f"write 1/{count}, or a weight for each class, bound to a name" if classes else "write 1/10 for 10 classes",
        )
    context.assume(f"{label} is uniform over {count} classes: {argument} is the weight of each", argument.span)
    name = f"{identifier(label)}_logits"
    context.parameters.setdefault(name, Parameter(name, f"{label}: uniform", False, (count,), fill=0.0))
    return context.arena.make(ir.Param, name, False)


def _learned(context: Context, label: str, argument: tree.Symbol, classes: int | None) -> ir.Node:
    name = read_name(argument, context.model.indices, head=True)
    if not context.options.scaffold:
        raise context.refuse(
            "F2D-0203",
            f"{name.full}, the weights of the classes of {label}, is bound to nothing",
            argument.span,
            f"bind it to a tensor of weights that sum to 1, or write them: {argument}_k = 1/10",
        )
    if classes is None:
        raise context.refuse(
            "F2D-0419",
            f"nothing says how many classes {argument} weighs for {label}",
            argument.span,
            "write the space of its variable: y \\in \\{1, \\dots, 10\\}",
        )
    owned = attribute(f"{name.full}_logits", "tensor")
    group = name.group[0] if name.group else None
    context.parameters.setdefault(owned, Parameter(owned, f"{argument}, logits", True, (classes,), group, fill=0.0))
    context.assume(f"{argument} are {classes} learned weights, positive and summing to 1", argument.span)
    return context.arena.make(ir.Param, owned, True)


def _is_known(context: Context, symbol: tree.Symbol) -> bool:
    """Is something bound to the name, or does the text say what it is?"""
    model, head = context.model, read_name(symbol, context.model.indices, head=True)
    names = {head.full, read_name(symbol, model.indices).id}
    known = {*model.definitions, *model.drawn, *model.variables, *context.latent}
    return bool(names & known) or context.named.find(head) is not None or bool(head.index)


def _number(context: Context, node: tree.Node) -> float | None:
    """The value of a written number, a ratio of them, or a name that is one; None for anything else."""
    match node:
        case tree.Number():
            return float(value_of(node))
        case tree.Div(top, bottom):
            over, under = _number(context, top), _number(context, bottom)
            return over / under if over is not None and under else None
        case tree.Symbol():
            name = read_name(node, context.model.indices, head=True)
            binding = context.named.find(name)
            if binding is not None:
                return float(binding.value.number) if isinstance(binding.value, NumberValue) else None
            definition = context.model.definitions.get(name.full)
            return _number(context, definition.body) if definition is not None and not definition.index else None
    return None


def _number_of_each(context: Context, symbol: tree.Symbol) -> float | None:
    r"""``\tfrac{1}{10}`` of ``\pi_k = \tfrac{1}{10}``, for the weights ``\pi``."""
    for definition in context.model.definitions.values():
        name = definition.name
        labels = name.labels[:-1] if name.labels and name.labels[-1] in INDEX_LETTERS else name.labels
        indexed = len(labels) < len(name.labels) or bool(definition.index)
        own = tuple(text for each in symbol.sub if (text := plain(each)))
        if indexed and (name.letter, name.accents, labels) == (symbol.letter, symbol.accents, own):
            return _number(context, definition.body)
    return None
