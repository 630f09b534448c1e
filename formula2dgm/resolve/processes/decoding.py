r"""What makes data of a code that is drawn: ``p(x|z_0)``, ``\hat x = D(z_0)``, or the D of ``\|x - D(z_0)\|^2``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.denoising import Decoder
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.calculus.affine import affine_in, is_number, negative
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.processes.noised import Source
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree

#: Accents of what a decoder says of data.
_SAID = ("hat", "tilde", "bar", "prime")


def decoder(context: Context, source: Source, residuals: Iterable[ir.Node]) -> Decoder | None:
    """The decoder of a code, of networks that are bound or trained; None of data, and where nothing decodes."""
    if isinstance(source.data, ir.Data):
        return None
    found, inputs = context.found, dict(context.inputs)
    context.found = Diagnostics()
    try:
        return next(_decoders(context, source, residuals), None)
    except Refused:
        return None
    finally:
        context.found, context.inputs = found, inputs


def _decoders(context: Context, source: Source, residuals: Iterable[ir.Node]) -> Iterator[Decoder]:
    axes = source.noise.axes
    code = context.arena.make(ir.Data, source.name, axes)
    scope = Scope(axes[0]).bind({source.name: code})
    evaluate = Evaluator(context)
    for density in [each for each in context.densities.all if _is_decoder(context, each, source)]:
        own = density.signature
        law = law_of(context, Use(density, own.slots[:1], own.slots[1:]), scope, evaluate)
        (name,) = own.variables
        assert name is not None
        yield from _known(code, name.id, context.arena.make(ir.Draw, law, name.id, axes))
    for definition in context.model.definitions.values():
        name = definition.name
        if name.letter in source.inputs and set(name.accents) & set(_SAID) and _is_known(context, definition.body):
            yield from _known(code, name.letter, evaluate(definition.body, scope))
    for residual in residuals:
        for data in {each for each in walk(residual) if isinstance(each, ir.Data) and each.name in source.inputs}:
            opened = rewrite(context.arena, residual, lambda each: code if each is source.data else each)
            straight = affine_in(context.arena, opened, data.name)
            if straight is not None and is_number(straight.factor, 1):
                yield from _known(code, data.name, negative(context.arena, straight.rest))
            elif straight is not None and is_number(straight.factor, -1):
                yield from _known(code, data.name, straight.rest)


def _known(code: ir.Node, name: str, value: ir.Node) -> Iterator[Decoder]:
    """The decoder, where it reads the code and nothing else that is drawn or given."""
    own = isinstance(value, ir.Draw)
    read = {each for each in walk(value) if isinstance(each, ir.Data | ir.Draw) and not (own and each is value)}
    if read == {code}:
        yield Decoder(name, code, value)


def _is_decoder(context: Context, density: Density, source: Source) -> bool:
    """Is it a density of the data given the code, with networks that are bound or trained?"""
    own = density.signature
    if own.arity != (1, 1) or is_written(density) or not all(isinstance(each, tree.Symbol) for each in own.slots):
        return False
    (variable,), (given,) = own.variables, own.given
    if variable is None or given is None or variable.id not in source.inputs or given.id != source.name:
        return False
    bound = density.binding is not None or density.label in context.densities.used
    return bound or (density.declared is not None and _is_known(context, density.declared.body))


def _is_known(context: Context, body: tree.Node) -> bool:
    """Is every network in it bound?"""
    calls = [each.head for each in body.all(tree.Call) if isinstance(each.head, tree.Symbol)]
    names: list[Name] = [read_name(each, context.model.indices, head=True) for each in calls]
    return any(each.full in context.named.values for each in names)
