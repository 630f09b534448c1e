"""Tensors whose rows an index runs over: ``\\mu_k`` of ``\\sum_{k=1}^K \\pi_k N(x; \\mu_k, \\Sigma_k)``."""

from __future__ import annotations

from formula2dgm.bindings import NumberValue, TensorValue
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.positions import last_number
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.syntax import tree


def indexed_rows(context: Context, body: tree.Node, index: str) -> int | None:
    """The number of rows of the first bound tensor that the body reads at the index; None if there is none."""
    for each in body.walk():
        if isinstance(each, tree.Symbol):
            name = read_name(each, context.model.indices, head=True)
            if [plain(at) for at in name.index] == [index] and (shape := _shape(context, name)):
                return shape[0]
    return None


def rows_counted(context: Context, size: str) -> int | None:
    """The rows of the bound tensors that a sum up to ``size`` reads: ``K`` of ``\\frac1K \\sum_{k=1}^K q(z|u_k)``."""
    for each in (node for root in _roots(context) for node in root.all(tree.Big)):
        for index, upper in binder_names(each):
            if isinstance(upper, tree.Symbol) and read_name(upper, context.model.indices).full == size:
                found = indexed_rows(context, each.body, index)
                if found is not None:
                    return found
    return None


def drawn_up_to(context: Context, size: str) -> frozenset[str]:
    r"""The whole numbers that are drawn up to ``size``: t of ``t \sim U\{1, T\}``."""
    model = context.model
    draws = [node for root in _roots(context) for node in root.all(tree.Draws)]
    names = [plain(name) for each in draws if _ends_at(each.density, size) for name in each.names]
    names += [key for key, each in model.drawn.items() if _ends_at(each.density, size)]
    return frozenset(each for each in names if each is not None)


def rows_drawn(context: Context, size: str) -> int | None:
    """The rows of the bound tensors that are read at a number drawn up to ``size``."""
    drawn = sorted(drawn_up_to(context, size))
    found = (indexed_rows(context, root, index) for index in drawn for root in _roots(context))
    return next((each for each in found if each is not None), None)


def _roots(context: Context) -> list[tree.Node]:
    return [*context.model.expressions(), *(each.body for each in context.model.densities)]


def _ends_at(density: tree.Node, size: str) -> bool:
    """Is ``size`` the greatest number that is drawn?"""
    last = last_number(density) if isinstance(density, tree.Call) else None
    return last is not None and plain(last) == size


def _shape(context: Context, name: Name) -> tuple[int, ...] | None:
    binding = context.named.find(name)
    return binding.value.shape if binding is not None and isinstance(binding.value, TensorValue) else None


def rows(context: Context, node: tree.Big, upper: tree.Node | None, size: int) -> int | str:
    """The size of an index that runs over the rows of a tensor: as written, which has to be theirs, or theirs."""
    if upper is None:
        return size
    if isinstance(upper, tree.Number):
        if upper.text != str(size):
            raise _unequal(context, node, upper.text, size)
        return size
    if not isinstance(upper, tree.Symbol):
        raise context.refuse("F2D-0409", f"how often this sum repeats its body is not a number: {upper}", upper.span)
    name = read_name(upper, context.model.indices)
    binding = context.named.find(name)
    number = binding.value.number if binding is not None and isinstance(binding.value, NumberValue) else None
    if number is not None and number != size:
        raise _unequal(context, node, f"{name.full} = {number}", size)
    if name.full not in context.hyperparameters:
        context.hyperparameters[name.full] = Hyperparameter(name.full, size, True, upper.span)
        if number is None:
            context.assume(f"{name.full} is {size}, the number of rows that are bound", upper.span)
    return name.full


def _unequal(context: Context, node: tree.Big, written: str, size: int) -> Exception:
    return context.refuse(
        "F2D-0322",
        f"the sum runs to {written}, and what it reads has {size} rows",
        node.span,
        "let the first dimension of every indexed tensor be the size of the index",
    )


def own_axes(
    context: Context, name: Name, shape: tuple[int, ...], scope: Scope, symbol: tree.Symbol
) -> tuple[Axis, ...]:
    """The axes that a tensor's first dimensions run along: those of the indices it is read at."""
    axes = []
    for each in name.index:
        axis = scope.indices.get(plain(each) or "")
        if axis is None or axis.kind not in ("index", "time"):
            raise context.refuse(
                "F2D-0204",
                f"the index {each} of {symbol} is bound by no sum",
                symbol.span,
                f"write a sum over it: \\sum_{{{each}=1}}",
            )
        axes.append(axis)
        if axis.kind == "time" and axis.size is None:
            raise context.refuse(
                "F2D-0322",
                f"{symbol} has rows, and the data say how many steps there are",
                symbol.span,
                f"give {symbol} with the data, as what is seen at each step",
            )
        if axis.kind == "time" and isinstance(axis.size, str) and axis.size not in context.hyperparameters:
            context.hyperparameters[axis.size] = Hyperparameter(axis.size, shape[len(axes) - 1], True, symbol.span)
    sizes = [context.hyperparameters[axis.size].default if isinstance(axis.size, str) else axis.size for axis in axes]
    if list(shape[: len(axes)]) != sizes:
        raise context.refuse(
            "F2D-0322",
            f"{symbol} has {shape[0] if shape else 'no'} rows, where the sum runs to {sizes[0]}",
            symbol.span,
            "let the first dimension of every indexed tensor be the size of the index",
        )
    return tuple(axes)


def steps_counted(context: Context) -> int | None:
    """The rows of the bound tensors that are read at each step, ``\\beta_t``."""
    time, indices = context.time, context.model.indices
    for symbol in (each for root in _roots(context) for each in root.all(tree.Symbol)):
        name = read_name(symbol, indices, head=True)
        own = [plain(each) for each in name.index]
        if time is not None and len(own) == 1 and own[0] in time.indices | indices.positions:
            if shape := _shape(context, name):
                return shape[0]
    return None
