"""One draw of a variable from a law: along which axes, shared with which others, by what gradient."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.bare import density_of
from formula2dgm.resolve.densities.families import Evaluate, family_law, variable_shape
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.scaffold.sizes import event_shape
from formula2dgm.syntax import tree

_SHAPED = (ir.Data, ir.Draw, ir.NetCall, ir.Param)


def samples_of(context: Context, variable: str) -> int:
    """How many draws of a variable the option ``samples`` asks for."""
    chosen = context.options.samples
    return chosen if isinstance(chosen, int) else chosen.get(variable, 1)


def draw(
    context: Context, name: Name, law: ir.Law, axes: tuple[Axis, ...], scope: Scope, carries: bool = True
) -> ir.Node:
    """The draw of a variable from a law at this place: shared with other brackets where that changes nothing.

    ``carries``: it is the draw itself that the step after reads, and nothing made of it.
    """
    law = _with_default_shape(context, name, law)
    own = (*scope.replicates, *axes)
    if not scope.common and not any(axis.kind == "batch" for axis in law.axes):
        own = (*own, scope.batch)
    own += tuple(axis for axis in scope.indices.values() if axis.kind == "plate" and axis not in law.axes)
    own += tuple(axis for axis in _steps(context, name, scope) if axis not in law.axes)
    copy = context.draws.copy_for(name.id, law, own, scope.path, context.options.share_samples)
    reserved = context.time.sites.get(name.id) if context.time is not None and carries else None
    site = context.draws.site(name.id, law, own, copy, reserved)
    return context.arena.make(ir.Draw, law, site, own, copy)


def _steps(context: Context, name: Name, scope: Scope) -> list[Axis]:
    """The axes of time that a variable is drawn along: ``z_t`` of ``E_{z_t ~ p(z)}``."""
    read = [scope.indices.get(plain(each) or "") for each in name.index]
    return [axis for axis in read if axis is not None and axis.kind == "time"]


def sized(context: Context, name: Name, law: ir.Law) -> ir.Law:
    """A written family with the event shape that a space or an option gives the variable it is drawn for."""
    shape = variable_shape(context, name)
    if law.shape is not None or not (shape if law.scalar else shape is not None):
        return law
    return context.arena.make(ir.Law, law.label, law.family, law.params, shape, False, law.options)


def _with_default_shape(context: Context, name: Name, law: ir.Law) -> ir.Law:
    """Noise of a written family, ``N(0, I)``, in the shape that a default gives it: nothing in it has one."""
    shaped = law.shape is not None or law.scalar or any(isinstance(each, _SHAPED) for each in walk(law))
    if shaped or not context.options.scaffold:
        return law
    shape = event_shape(context, name)
    return context.arena.make(ir.Law, law.label, law.family, law.params, shape, law.scalar, law.options)


def law_of_binder(context: Context, source: tree.Node, name: Name, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """The law of a statement ``z ~ source``."""
    if isinstance(source, tree.Call) and is_written_family(source):
        return sized(context, name, family_law(context, source, None, scope, evaluate))
    if isinstance(source, tree.Symbol):
        own = tree.Symbol(name.letter, name.accents, (), (), name.style, span=source.span)
        source = density_of(context, source, (own,))
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
