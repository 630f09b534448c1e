"""What a network gives that is applied to arguments: one that is bound, or a default."""

from __future__ import annotations

from difflib import get_close_matches

from formula2dgm.bindings import NetworkValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import names_error, names_loss
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.objective.direction import MAXIMISING
from formula2dgm.resolve.scaffold.heads import statement_of
from formula2dgm.resolve.scaffold.networks import scaffold_head, scaffold_network
from formula2dgm.resolve.values.recurrent_layers import arranged
from formula2dgm.syntax import tree

#: Words for what does not depend on anything that is trained.
CONSTANTS = frozenset(("const", "constant", "Const", "cst"))


def network(context: Context, head: tree.Symbol, args: tuple[ir.Node, ...], call: tree.Call, scope: Scope) -> ir.Node:
    """A deterministic network applied to arguments; ``f2d.Sigmoid(net)`` is the sigmoid of what it returns."""
    name = read_name(head, context.model.indices, head=True)
    binding = context.named.find(name)
    key = name.full
    if binding is not None:
        value = binding.value
        if not isinstance(value, NetworkValue):
            raise context.refuse(
                "F2D-0208",
                f"{key} is applied to arguments, but what is bound to it is no network",
                head.span,
                f"for a product, write {key} * (...)",
            )
        if name.group and key not in context.named.values:
            context.claim_group(name.id, (), name.group, call)
        given = arranged(context, key, value, call, args)
        owned = attribute(key)
        context.networks.setdefault(
            owned,
            Network(
                owned,
                key,
                given.inputs,
                False,
                name.group[0] if name.group else None,
                None,
                value.sigmoid,
                (binding.key.text, ""),
                given.outputs,
                value.stateful,
                value.stochastic,
            ),
        )
        made = context.call(owned, given.args, stochastic=value.stochastic, origin=call)
        output = 0 if given.outputs > 1 else None
        node: ir.Node = context.arena.make(ir.Head, made, None, None, output, origin=call)
        return context.arena.make(ir.Apply, "sigmoid", (node,), origin=call) if value.sigmoid else node
    if not context.options.scaffold:
        close = get_close_matches(key, list(context.named.values), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise context.refuse(
            "F2D-0208",
            f"{key} is applied to arguments, but no network is bound to it",
            head.span,
            f"{hint}bind it: {{{key!r}: net}}",
        )
    if names_loss(head) or names_error(head) or _is_unsaid_distance(context, call):
        raise context.refuse(
            "F2D-0203",
            f"{call} is a loss, and nothing says which",
            call.span,
            _written_out(call)
            if names_error(head)
            else f"write what it is, {call} = ..., or bind it: {{{key!r}: net}}",
        )
    if (statement := statement_of(context, call, scope.statement)) is not None:
        return scaffold_head(context, statement, call, args)
    return scaffold_network(context, name, call, args)


def _written_out(call: tree.Call) -> str:
    """Whether errors are summed over entries or averaged is for the text to say."""
    if len(call.args) != 2:
        return "write it out: as a norm, \\|x - f(z)\\|^2, or a log-density, -\\log p(x|z)"
    left, right = (each.latex() for each in call.args)
    return (
        f"write it out: \\|{left} - {right}\\|^2 is a sum over entries, \\frac1D of it their mean; "
        "an error of bits is -\\log p(x|z), x being 0 or 1"
    )


def _is_unsaid_distance(context: Context, call: tree.Call) -> bool:
    """Is the call all that is minimised, of what a network makes and of what it is compared with: ``\\min d(f(x), y)``?

    What d gives would be learned to be small, or be a network of no meaning. A critic is raised, or stands in more than
    one term, and a value Q(s, f(s)) is raised.
    """
    made = [each for each in call.args if any(isinstance(node, tree.Call) for node in each.walk())]
    if len(call.args) < 2 or not made or len(made) == len(call.args):
        return False
    uses = [node for each in context.model.expressions() for node in each.all(tree.Call)]
    if sum(each.head == call.head for each in uses) > 1:
        return False
    lowered = [each for each in context.model.objectives if not any(op in MAXIMISING for op, _ in each.operators)]
    return any(_averaged(each.members[-1]) == call for each in lowered)


def _averaged(node: tree.Node) -> tree.Node:
    """What an expression is an average or a sum of."""
    while True:
        match node:
            case tree.Expect(_, inner) | tree.Labelled(inner, _) | tree.Big(op="sum", body=inner):
                node = inner
            case tree.Func("mean" | "sum", (inner,)) | tree.Mul((tree.Number() | tree.Div(), inner), _):
                node = inner
            case _:
                return node
