"""New draws of a model: what nothing else depends on is its law's mean where the caller asks for means."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.codegen.expressions import parameters
from formula2dgm.codegen.laws import facts, settings
from formula2dgm.codegen.python import Body, call, method
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import UnknownShape, tensors
from formula2dgm.codegen.statements import Preparation
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk


def write_leaf(scope: Scope, preparation: Preparation, leaf: ir.Draw) -> None:
    """A draw that nothing depends on: its law's mean where the caller asks for means."""
    preparation.prepare(leaf)
    mean = facts(leaf.law).mean
    if mean is None or (facts(leaf.law).classes and not facts(leaf.law).value_rank):
        return  # the mean of an index is no index
    target = scope.bound[leaf].text
    given = tensors(scope, leaf, parameters(scope, leaf.law, leaf.axes))
    value = call(scope.use(mean), *given, *settings(leaf.law))
    if leaf.law.axes != leaf.axes:
        value = method(value, "expand_as", target)
    scope.body.write("if mean:")
    scope.body.write(f"    {target} = {value.text}", scope.span(leaf))


def write_no_sample(head: Body, error: UnknownShape) -> Body:
    """A method that says which draw's shape is not known."""
    body = Body(8)
    body.write(f'raise ValueError("the event shape of {error.node.site} is not known: bind it with event_shape=")')
    return joined(head, body)


def joined(head: Body, body: Body) -> Body:
    """A signature and docstring, then the statements."""
    return Body(4, [*head.lines, *body.lines])


def leaves(values: Iterable[ir.Node]) -> list[ir.Draw]:
    """The values drawn that no other value depends on, at this step or at another."""
    values = list(values)
    used = {child for node in walk(*values) for child in node.children}
    read = {node.site for node in walk(*values) if isinstance(node, ir.Previous)}
    return [each for each in values if isinstance(each, ir.Draw) and each not in used and each.site not in read]
