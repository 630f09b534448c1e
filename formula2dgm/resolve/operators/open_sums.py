r"""Sums over the data whose bound is not written: ``\max \sum_i \log p(f(x_i))`` beside data x.

How many examples there are is then the scale of the whole objective, which nobody wrote: the sum is averaged over the
batch, as ``E_{x \sim p_{data}}`` is, and an assumption says so. Beside another term, ``\sum_i \log p(y_i|x_i, w) -
KL[q(w) \| p(w)]``, the number of examples weighs one against the other, and has to be written.
"""

from __future__ import annotations

from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.operators import Opened
from formula2dgm.resolve.statements.hyperparameters import hyperparameter
from formula2dgm.syntax import tree


def runs_over_data(context: Context, node: tree.Big, index: str, scope: Scope) -> bool:
    """Does the index choose an example: is data read at it, where no other index chooses one?"""
    if node.op != "sum" or scope.batch in scope.indices.values():
        return False
    known = context.model.variables - context.latent - context.model.drawn.keys() - context.model.definitions.keys()
    read = (read_name(each, context.model.indices) for each in node.body.all(tree.Symbol))
    return any(name.id in known and [plain(each) for each in name.index] == [index] for name in read)


def average_data(context: Context, node: tree.Big, index: str, opened: Opened) -> None:
    """The sum as the mean of the batch, times the number of examples that the text divides it by."""
    if (size := context.model.counted.get(node)) is not None:
        opened.factor = hyperparameter(context, Name(size), tree.Symbol(size, span=node.span), whole=True)
        context.assume(f"{size} is the number of examples, over which the mean is", node.span)
    elif not any(_is_all_of(root, node) for wanted in context.model.objectives for root in wanted.members):
        raise context.refuse(
            "F2D-0415",
            f"how many examples the sum over {index} has weighs it against the other terms, and is not written",
            node.span,
            f"write \\sum_{{{index}=1}}^N and bind N; or the mean over the data, E_{{p_{{data}}(x)}}[...]",
        )
    else:
        context.assume(
            f"the sum over {index} has no bound: it is the mean over the data, of which a batch is a part", node.span
        )
    opened.scope = opened.scope.index(index, opened.scope.batch)
    opened.reduces.insert(0, ("mean", opened.scope.batch))


def _is_all_of(root: tree.Node, node: tree.Big) -> bool:
    """Is the sum the whole expression, up to factors, expectations and other sums of the same kind?"""
    match root:
        case tree.Big() if root.span == node.span:
            return True
        case tree.Big(op="sum") | tree.Optimise() | tree.Neg() | tree.Expect() | tree.Labelled():
            return _is_all_of(root.body, node)
        case tree.Mul(factors):
            return any(_is_all_of(each, node) for each in factors)
        case tree.Add(terms):
            return all(_has_open_sum(each) for each in terms) and any(_is_all_of(each, node) for each in terms)
    return False


def _has_open_sum(term: tree.Node) -> bool:
    return any(isinstance(each, tree.Big) and each.op == "sum" and each.upper is None for each in term.walk())
