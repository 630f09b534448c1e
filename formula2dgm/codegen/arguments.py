"""What a network is given: every value as ``[n, event...]``, tuples as such, sequences whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.codegen.alignment import Axes, spread
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.python import ATOM, Code, call, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.step_nodes import SEVERAL, SoFar
from formula2dgm.codegen.time_values import aligned_ends, repeated
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.program import Network

if TYPE_CHECKING:
    from formula2dgm.codegen.calls import Calls


def prefix_time(node: ir.NetCall) -> Axis | None:
    """The time of the sequence whose steps so far a network is given; all steps are one call."""
    return next((each.time for each in node.args if isinstance(each, ir.Prefix)), None)


def network_output(calls: Calls, node: ir.NetCall, held: bool = True) -> Code:
    """``self.network(arguments)``, the arguments folded where they have more axes than one; ``held``: are frozen
    parameters to be held constant where they are called?"""
    scope = calls.scope
    network = scope.network(node.network)
    time, so_far = prefix_time(node), next((each for each in node.args if isinstance(each, SEVERAL)), None)
    parts = [part for arg in node.args for part in _parts(arg)]
    axes = _without(merge(part.axes for part in parts), time)
    names = network.inputs if network.keywords else ()

    def value(part: ir.Node) -> Code:
        if so_far is not None and not isinstance(part, SEVERAL):
            steps = f"{expression(scope, so_far, 'value').within(ATOM)}.shape[{len(so_far.axes)}]"
            if isinstance(so_far, SoFar) and so_far.entries:
                steps = scope.size(so_far.time)
            return call(scope.use("repeated"), expression(scope, part, "value"), str(len(part.axes)), steps)
        return _value(scope, part, time)

    def chosen(result: Code) -> Code:
        if so_far is None:
            return result
        step = "0" if so_far.backward else "-1"
        if isinstance(so_far, SoFar) and so_far.entries:
            step = scope.suffix.removeprefix("_")
        return call(scope.use("at_step"), result, str(len(axes)), step)

    ends = _lengths(network, node)
    whole = not axes and (network.scaffold is None or not parts)  # a default network of values wants a batch
    if (len(axes) == 1 or whole) and all(_without(part.axes, time) == axes for part in parts):
        codes = _by_name(names, _grouped(node, [value(part) for part in parts]))
        told = None if ends is None else expression(scope, ends, "number")
        return chosen(_called(scope, network, node, held, codes, told))
    folded = [spread(value(part), _without(part.axes, time), axes, full=True) for part in parts]
    folded += [] if ends is None else [aligned_ends(scope, ends, axes, expression)]
    sizes = leading(scope, tuple(parts), axes)
    if len(folded) == 1 and len(axes) > 1:
        codes = _by_name(names, _grouped(node, [method(folded[0], "flatten", "0", str(len(axes) - 1))]))
        return chosen(call(scope.use("unfold"), _called(scope, network, node, held, codes, None), sizes))
    fold = call(scope.use("fold"), sizes, *folded)
    if names or len(folded) > len(node.args):
        wanted = [*_part_names(scope, node), *(["lengths"] if ends is not None else [])]
        inputs = [scope.names.fresh(f"{name}_folded") for name in wanted]
        target = ", ".join(inputs) if len(inputs) > 1 else f"({inputs[0]},)"
        calls.assign(None, target, fold, span_of=node)
        codes = _by_name(names, _grouped(node, [Code(name) for name in inputs[: len(parts)]]))
        result = _called(scope, network, node, held, codes, None if ends is None else Code(inputs[-1]))
    else:
        result = _called(scope, network, node, held, [f"*{fold.text}"], None)
    return chosen(call(scope.use("unfold"), result, sizes))


def _lengths(network: Network, node: ir.NetCall) -> ir.Node | None:
    """The lengths of the sequences that a network is told; a default network that runs forwards needs none."""
    scaffold = network.scaffold
    if scaffold is not None and (not scaffold.ragged or scaffold.sequence == "forward"):
        return None
    given = (each.lengths for each in node.args if isinstance(each, ir.Sequence | ir.Prefix))
    return next((each for each in given if each is not None), None)


def _called(
    scope: Scope, network: Network, node: ir.NetCall, held: bool, codes: list[Code | str], ends: Code | None
) -> Code:
    """The call itself."""
    module = f"self.{network.name}"
    held = held and node.frozen and not scope.is_target(node)
    if ends is not None and network.scaffold is None:
        return call(scope.use("with_lengths"), module, ends, *codes, *(["held=True"] if held else []))
    called = f"{scope.use('frozen')}({module})" if held else module
    return call(called, *codes, *([] if ends is None else [f"lengths={ends.text}"]))


def sequence_inputs(scope: Scope, node: ir.NetCall) -> tuple[int, list[Code]]:
    """What a network is given along a sequence, all steps at once: how many axes come before time, and the values."""
    time = prefix_time(node)
    axes = _without(merge(arg.axes for arg in node.args), time)
    return len(axes), [spread(_value(scope, arg, time), _without(arg.axes, time), axes, full=True) for arg in node.args]


def leading(scope: Scope, args: tuple[ir.Node, ...], axes: Axes) -> Code:
    """The sizes of the folded axes, read off an argument that has them all where there is one."""
    for arg in args:
        code = expression(scope, arg, "value")
        if arg.axes[: len(axes)] == axes and code.text.isidentifier():
            return Code(f"{code.text}.shape[:{len(axes)}]")
    return scope.shape(axes)


def _parts(arg: ir.Node) -> tuple[ir.Node, ...]:
    return arg.parts if isinstance(arg, ir.Pair) else (arg,)


def _part_names(scope: Scope, node: ir.NetCall) -> list[str]:
    """A name for each value that a network is given."""
    network = scope.network(node.network)
    if len(network.inputs) != len(node.args):
        return [network.name for arg in node.args for _ in _parts(arg)]
    return [name for name, arg in zip(network.inputs, node.args, strict=True) for _ in _parts(arg)]


def _grouped(node: ir.NetCall, codes: list[Code]) -> list[Code]:
    """The arguments made of their parts, in order: ``x, (h, c)``."""
    left = list(codes)
    found = []
    for arg in node.args:
        own = [left.pop(0) for _ in _parts(arg)]
        found.append(call("", *own) if isinstance(arg, ir.Pair) else own[0])
    return found


def _value(scope: Scope, node: ir.Node, time: Axis | None) -> Code:
    """A value, at all steps where the network is given a sequence; a number as a tensor."""
    if is_python_number(node) and (time is None or time in node.axes):
        return call(f"{scope.use('tensor_of')}(self).new_tensor", expression(scope, node, "value"))
    if time is None or time in node.axes:
        return expression(scope, node, "value")
    return repeated(scope, node, time, "value", expression)


def _without(axes: Axes, time: Axis | None) -> Axes:
    return tuple(axis for axis in axes if axis != time)


def _by_name(names: tuple[str, ...], codes: list[Code]) -> list[Code | str]:
    return [f"{name}={code.text}" for name, code in zip(names, codes, strict=True)] if names else list(codes)
