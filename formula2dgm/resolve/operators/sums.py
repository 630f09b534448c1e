"""Sums and products: what their indices run over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.kinds import binder_names, marked_binders
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.scopes import Names, occurs_free
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.draws.common_draws import runs_over_examples
from formula2dgm.resolve.operators.open_sums import average_data, runs_over_data
from formula2dgm.resolve.operators.operators import SPOKEN, Opened, unused_index
from formula2dgm.resolve.operators.pairs import condition, conditions, open_batch, runs_over_batch
from formula2dgm.resolve.operators.randomness import holds_draws
from formula2dgm.resolve.scaffold.rows import refuse_other_index, runs_over_defaults
from formula2dgm.resolve.sequences.time_sums import open_time
from formula2dgm.resolve.statements.hyperparameters import hyperparameter
from formula2dgm.resolve.values.entries import ENTRIES, refuse_whole, runs_over_entries
from formula2dgm.resolve.values.entry_axes import entry_axis, reads_entries
from formula2dgm.resolve.values.indexed import indexed_rows, rows
from formula2dgm.syntax import tree


def open_sum(context: Context, node: tree.Big, scope: Scope, evaluate: Evaluate) -> Opened:
    """Bind the indices of a sum or product: a finite variable, draws, steps of time, examples, repetitions."""
    opened = Opened(scope.under(node, linear=node.op == "sum"), span=node.span)
    restrictions = conditions(node)
    restricted = {name for left, _, right in restrictions for name in (left, right)}
    for name, upper in binder_names(node):
        if name in restricted and name in opened.scope.indices:
            continue
        if context.time is not None and name in context.time.indices:
            open_time(context, node, name, opened)
            continue
        _starts_at_one(context, node)
        if name not in context.model.indices:
            _open_variable(context, node, name, name, opened, evaluate)
        elif name in context.sample_axes:
            axis = context.sample_axes[name]
            opened.scope = opened.scope.index(name, axis)
            opened.reduces.insert(0, (node.op, axis))
        elif (plate := context.plates.get((name, str(upper)))) is not None:
            _refuse_some(context, node, name)
            opened.scope = opened.scope.index(name, plate)
            opened.reduces.insert(0, (node.op, plate))
        elif (size := indexed_rows(context, node.body, name)) is not None:
            axis = opened.scope.fresh(Axis("index", name, rows(context, node, upper, size)))
            opened.scope = opened.scope.index(name, axis)
            opened.reduces.insert(0, (node.op, axis))
        elif runs_over_defaults(context, node.body, name):
            refuse_other_index(context, node.body, name)
            axis = opened.scope.fresh(Axis("index", name, size_of(context, upper, node)))
            opened.scope = opened.scope.index(name, axis)
            opened.reduces.insert(0, (node.op, axis))
        elif not occurs_free(node.body, frozenset((name,)), Names(context.model.indices)):
            if not holds_draws(context, node.body):
                raise unused_index(context, node.op, name, node.span)
            axis = Axis("replicate", name, size_of(context, upper, node))
            opened.scope = replace(opened.scope.index(name, axis), replicates=(*opened.scope.replicates, axis))
            opened.reduces.insert(0, (node.op, axis))
        elif reads_entries(context, node.body, name):
            axis = opened.scope.fresh(entry_axis(name, None if upper is None else size_of(context, upper, node)))
            opened.scope = opened.scope.index(name, axis)
            opened.reduces.insert(0, (node.op, axis))
        elif runs_over_batch(context, node, name, upper):
            open_batch(context, node, name, opened)
        elif upper is not None and runs_over_examples(context, node, name, upper):
            _open_examples(context, node, name, upper, opened)
        elif runs_over_entries(context, node.body, name, upper):
            _refuse_some(context, node, name)
            refuse_whole(context, node, name)
            opened.scope = opened.scope.index(name, ENTRIES)
            opened.entries = node.op
        elif upper is None and runs_over_data(context, node, name, opened.scope):
            average_data(context, node, name, opened)
        else:
            raise context.refuse(
                "F2D-0415",
                f"the index {name} runs over nothing known: no draws, no finite variable, no examples, no time",
                node.span,
                f"draw what it indexes: z_{{1:{name.upper()}}} ~ q(z|x); or sum over t for the steps of a sequence",
            )
    for symbol in marked_binders(node):  # \sum_{y_u}
        name = read_name(symbol, context.model.indices).id
        _open_variable(context, node, name, str(symbol), opened, evaluate)
    opened.factors += [condition(context, node, each, opened.scope) for each in restrictions]
    return opened


def _starts_at_one(context: Context, node: tree.Big) -> None:
    """Every index runs from 1 to its bound: any other range would silently be taken for the whole one."""
    for item in node.binders:
        start = item.value if isinstance(item, tree.Binds) else None
        start = start.lower if isinstance(start, tree.Range) else start
        related = isinstance(item, tree.Relates) and item.op != "in" and not conditions(replace(node, binders=(item,)))
        if (start is not None and str(start) != "1") or related:
            raise context.refuse(
                "F2D-0416",
                f"a {SPOKEN[node.op]} over {item} is not understood: only ranges that start at 1 are",
                item.span,
                "write the whole range, \\sum_{k=1}^{K}",
            )


def _refuse_some(context: Context, node: tree.Big, index: str) -> None:
    """``\\sum_{i \\in S}`` over entries or parts of an example: which of them are in S nothing says."""
    for item in node.binders:
        if isinstance(item, tree.Relates) and item.op == "in" and plain(item.left) == index:
            raise context.refuse(
                "F2D-0581",
                f"nothing says which entries or parts of an example are in {item.right}",
                item.span,
                f"weigh each by a number that is given: \\sum_{index} m_{index} ..., with m \\in \\{{0,1\\}}^{{64}}",
            )


def _open_examples(context: Context, node: tree.Big, name: str, upper: tree.Node, opened: Opened) -> None:
    """``sum_{i=1}^N`` over the data: N times the mean of the batch."""
    batch = opened.scope.batch
    if node.op != "sum":
        raise context.refuse(
            "F2D-0412", "a product over the examples is understood only under a log", node.span, "write \\log \\prod_i"
        )
    opened.scope = opened.scope.index(name, batch)
    opened.reduces.insert(0, ("mean", batch))
    opened.factor = hyperparameter(context, Name(str(upper)), upper, whole=True)


def size_of(context: Context, upper: tree.Node | None, node: tree.Node) -> int | str:
    """The size of an axis: a number, or the hyperparameter that names it."""
    if isinstance(upper, tree.Number) and upper.text.isdigit():
        return int(upper.text)
    if isinstance(upper, tree.Symbol):
        name = read_name(upper, context.model.indices)
        found = hyperparameter(context, name, upper, whole=True, an_axis=True)
        assert isinstance(found, ir.Hyper)
        return found.name
    raise context.refuse(
        "F2D-0409", "how often this sum repeats its body is not written", node.span, "write \\sum_{k=1}^K"
    )


def _open_variable(context: Context, node: tree.Big, name: str, shown: str, opened: Opened, evaluate: Evaluate) -> None:
    """``\\sum_y q(y|x) ...``: y takes every value of the finite law that the body has over it."""
    space = context.model.spaces.get(name)
    is_category = space is not None and space.kind == "category"  # of it p(z) is a density, and no function
    for call in node.body.all(tree.Call):
        if name in _ids(context, call.args):
            known = call.given is not None or (is_category and len(call.args) == 1 and is_density_call(call))
            if not known and not any(each.signature.head == str(call.head) for each in context.densities.all):
                continue
            uses = find_uses(context, call)  # of a joint, p(x, z), the factor that is over z
            own = [each for each in uses if len(each.variables) == 1 and name in _ids(context, each.variables)]
            if len(uses) > 1 and len(own) != 1:
                continue
            law = law_of(context, own[0] if len(uses) > 1 else uses[0], opened.scope, evaluate)
            if not registry.family(law.family).finite:
                raise context.refuse(
                    "F2D-0410",
                    f"{shown} is summed, but {law.label} is not finite",
                    node.span,
                    f"write an expectation over {shown}, or say which values it has: {shown} \\in \\{{1, \\dots, 5\\}}",
                )
            context.estimators.summed(name)
            axis = opened.scope.fresh(Axis("enumeration", name), name)
            values = context.arena.make(ir.Enumerated, law, axis)
            opened.scope = opened.scope.bind({name: values})
            opened.reduces.insert(0, (node.op, axis))
            return
    raise context.refuse(
        "F2D-0411",
        f"the values of {shown} are unknown: no finite density over it stands in the sum",
        node.span,
        f"weigh the sum by one, \\sum_{shown} q({shown}|x) ...; or draw it: E_{{q({shown}|x)}}[...]",
    )


def _ids(context: Context, nodes: Sequence[tree.Node]) -> set[str]:
    return {read_name(each, context.model.indices).id for each in nodes if isinstance(each, tree.Symbol)}
