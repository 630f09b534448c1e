r"""Joint densities over steps: ``q(z_{1:T}|x_{1:T}) = \prod_{t=1}^T q(z_t|z_{t-1}, x_t)``.

A joint is a product of runs, each a density under a product over steps or one that stands alone, ``p(z_1)``.  Its
logarithm is a sum over steps, and so is a divergence between two joints that are factorised alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.completion.data.whole_values import ends_of
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.reading.steps import steps_moved_along
from formula2dgm.reading.time_names import TIME_BOUNDS, TIME_LETTERS
from formula2dgm.records import dataclass
from formula2dgm.resolve.chains.paths import paths_of
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.statements.model import Declared, Model
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Run:
    """A density of a joint: at every step of a product, or alone."""

    call: tree.Call
    product: tree.Big | None

    def summed(self, body: tree.Node) -> tree.Node:
        """The sum of a body over the steps of the run."""
        if self.product is None:
            return body
        return replace(self.product, op="sum", body=body)


# -- statements ----------------------------------------------------------------------------------------


def take_sequences(model: Model) -> None:
    """Sort the joint densities over steps out of the densities of a model."""
    declared = [(each, _of_products(each)) for each in model.densities]
    moved = steps_moved_along(model.expressions()) & model.indices
    model.sequences = [product for _, product in declared if _is_sequence(product, moved)]
    model.densities = [each for each, product in declared if product not in model.sequences]


def _of_products(declared: Declared) -> Declared:
    """A declaration of a logarithm, ``\\log p(x_{1:T}) = \\sum_t \\log p(x_t|x_{<t})``, as that of the product."""
    product = _product_of(declared.body) if declared.kind == "log" else None
    return declared if product is None else replace(declared, kind="expression", body=product)


def _product_of(body: tree.Node) -> tree.Node | None:
    """The product that a sum of logarithms of densities is the logarithm of; None for any other sum."""
    match body:
        case tree.Prefix(name="log", operand=inside, sub=()) | tree.Func("log", (inside,)):
            return inside if isinstance(inside, tree.Call) and is_density_call(inside) else None
        case tree.Add(terms):
            parts = [_product_of(each) for each in terms]
            factors = tuple(each for each in parts if each is not None)
            return tree.Mul(factors, ("",) * (len(parts) - 1), span=body.span) if len(factors) == len(parts) else None
        case tree.Big(op="sum", body=inside):
            one = _product_of(inside)
            return replace(body, op="prod", body=one) if one is not None else None
    return None


def _is_sequence(declared: Declared, moved: frozenset[str]) -> bool:
    """Is it a product over steps, of a density over ranges? ``moved`` are the indices at whose neighbours the text
    reads something, ``h_{l-1}``."""
    if declared.kind not in ("expression", "factors") or not any(map(_ranges, declared.signature.slots)):
        return False
    if paths_of(declared.body) is not None:
        return False
    products = [each for each in declared.body.all(tree.Big) if each.op == "prod"]
    names = {name for each in products for name, _ in binder_names(each)}
    bounds = {str(upper) for each in products for _, upper in binder_names(each)}
    ranges = (item for slot in declared.signature.slots for item in _ranges(slot))
    bounds |= {str(item.upper) for item in ranges if isinstance(item, tree.Range)}
    shifted = any(
        (isinstance(item, tree.Add) and any(str(each) in names for each in item.terms)) or names & {*ends_of(item)}
        for each in declared.body.all(tree.Symbol)
        for item in each.sub
    )
    return bool(names & (TIME_LETTERS | moved) or bounds & TIME_BOUNDS) or shifted


def _ranges(slot: tree.Node) -> list[tree.Range | tree.OpenRange]:
    """The ranges in the scripts of a slot: ``1:T`` of ``z_{1:T}``, ``<t`` of ``z_{<t}``."""
    items = (*slot.sub, *slot.sup) if isinstance(slot, tree.Symbol) else ()
    return [each for each in items if isinstance(each, tree.Range | tree.OpenRange)]


# -- the runs of a joint -------------------------------------------------------------------------------


def runs_of(context: Context, node: tree.Node) -> list[Run] | None:
    """The runs of a joint over steps, or of a product of such; None for any other expression."""
    time = context.time
    if time is None:
        return None
    match node:
        case tree.Call() if is_density_call(node) and any(is_whole(context, each) for each in node.args):
            return _declared(context, node) or _derived(context, node)
        case tree.Big(op="prod") if {name for name, _ in binder_names(node)} <= time.indices:
            calls = _calls(node.body)
            return [Run(each, node) for each in calls] if calls is not None else None
        case tree.Mul(factors) if "circ" not in node.ops:
            parts = [runs_of(context, each) for each in factors]
            if all(part is None for part in parts):
                return None
            found: list[Run] = []
            for each, part in zip(factors, parts, strict=True):
                if part is None and not (isinstance(each, tree.Call) and is_density_call(each)):
                    return None
                found += part if part is not None else [Run(each, None)]  # type: ignore[arg-type]
            return found
    return None


def _calls(node: tree.Node) -> list[tree.Call] | None:
    calls = [each for each in (node.factors if isinstance(node, tree.Mul) else (node,)) if isinstance(each, tree.Call)]
    whole = len(calls) == (len(node.factors) if isinstance(node, tree.Mul) else 1)
    return calls if whole and all(map(is_density_call, calls)) else None


def is_whole(context: Context, slot: tree.Node) -> bool:
    """Is it all steps of a variable?"""
    if context.time is None or not isinstance(slot, tree.Symbol):
        return False
    name = read_name(slot, context.model.indices)
    return any(context.time.is_whole(place) for _, place in context.time.places(name))


def _declared(context: Context, call: tree.Call) -> list[Run] | None:
    """What a statement says the joint is."""
    wanted = read_signature(call, context.model.indices, context.model.parameters)
    for each in context.model.sequences:
        own = each.signature
        same_group = not own.group or not wanted.group or own.group == wanted.group
        if own.head == wanted.head and same_group and own.ids == wanted.ids:
            with context.unfolding(own.label, each.span):
                runs = runs_of(context, each.body)
            if runs is None:
                raise _no_product(context, own.label, each.span)
            return runs
    return None


def _no_product(context: Context, label: str, span: Span | None) -> Refused:
    return context.refuse(
        "F2D-0306",
        f"{label} over all steps is declared as something else than a product of densities",
        span,
        "write p(z_{1:T}) = p(z_1) \\prod_{t=2}^T p(z_t|z_{t-1})",
    )


def _derived(context: Context, call: tree.Call) -> list[Run]:
    """The product of the densities of single steps that the formula has: ``\\prod_t p(x_t|z_t)``."""
    wanted = read_signature(call, context.model.indices, context.model.parameters)
    found: list[Run] = []
    for name in wanted.variables:
        steps = [each for each in _of_steps(context, wanted.head) if name and _over(each) == name.id]
        inside = [each for each in steps if each.signature.ids[1] <= wanted.ids[0] | wanted.ids[1]]
        if not inside and name is not None and context.options.scaffold:
            found.append(_written(context, call, wanted, name) or _default(context, call, wanted, name))
            continue
        if not inside or len(inside) > 2:
            raise _unknown(context, call, name.id if name else str(call))
        whole = next((each for each in inside if is_whole(context, each.signature.slots[0])), None)
        if whole is not None:
            raise _no_product(context, whole.label, whole.declared.span if whole.declared is not None else call.span)
        first = min(inside, key=lambda each: len(each.signature.given)) if len(inside) == 2 else None
        for density in inside:
            start = 1 if density is first else 2 if first is not None else None
            found.append(_run(context, call, wanted, density, start))
    return found


def _written(context: Context, call: tree.Call, wanted: Signature, name: Name) -> Run | None:
    """The product of the one density of single steps that the text writes, ``q(z_t|z_{1:t-1}, x_{1:t})``."""
    time, span = context.time, call.span
    assert time is not None
    found: dict[tree.Call, tree.Symbol] = {}
    for node in (each for root in context.model.expressions() for each in root.walk()):
        if not isinstance(node, tree.Call) or not is_density_call(node) or len(node.args) != 1:
            continue
        own = read_signature(node, context.model.indices, context.model.parameters)
        steps = [item for item, _ in time.places(own.variables[0])] if own.variables[0] else []
        same = (own.head, own.group, own.ids[0]) == (wanted.head, wanted.group, frozenset((name.id,)))
        if same and own.ids[1] <= wanted.ids[0] | wanted.ids[1] and len(steps) == 1 and plain(steps[0]) in time.indices:
            assert isinstance(steps[0], tree.Symbol)
            found[node] = steps[0]
    if len(found) != 1:
        return None
    ((step, letter),) = found.items()
    binder = tree.Binds(letter, tree.Number(str(time.start), span=span), span=span)
    context.assume(f"{call} is the product over {letter} of {step}", span)
    return Run(step, tree.Big("prod", (binder,), None, step, False, span=span))


def _default(context: Context, call: tree.Call, wanted: Signature, name: Name) -> Run:
    """The usual factorisation of a joint of which the text says nothing: given the step before of the same variable,
    the present step of the model's other variables, and all steps of what a posterior is given."""
    time, span = context.time, call.span
    assert time is not None
    letter = tree.Symbol(next(iter(sorted(time.indices)), "t"), span=span)
    names = (*wanted.variables, *wanted.given)
    slots: dict[str, tree.Node] = {}
    for each, slot in zip(names, wanted.slots, strict=True):
        if each is not None:
            slots.setdefault(each.id, slot)
    posterior = wanted.head.split("_")[0] in POSTERIOR_LETTERS
    before = tree.Add((letter, tree.Neg(tree.Number("1", span=span), span=span)), span=span)
    own = slots[name.id]
    assert isinstance(own, tree.Symbol)
    likelihood = not posterior and wanted.given
    given = [] if likelihood else [_at(context, own, before)]
    for each in wanted.given:
        read = slots.get(each.id) if each else None
        if isinstance(read, tree.Symbol) and read is not own:
            given.append(read if posterior or not is_whole(context, read) else _at(context, read, letter))
    step = tree.Call(call.head, (_at(context, own, letter),), tuple(given) or None, span=span)
    binder = tree.Binds(letter, tree.Number(str(time.start), span=span), span=span)
    context.assume(f"{call} is the product over {letter} of {step}", span)
    return Run(step, tree.Big("prod", (binder,), None, step, False, span=span))


def _at(context: Context, symbol: tree.Symbol, step: tree.Node) -> tree.Symbol:
    """A variable of which all steps are written, at one of them."""
    time = context.time
    assert time is not None
    items = [item for item, _ in time.places(read_name(symbol, context.model.indices))]

    def at(scripts: tuple[tree.Node, ...]) -> tuple[tree.Node, ...]:
        return tuple(step if any(each is item for item in items) else each for each in scripts)

    return replace(symbol, sub=at(symbol.sub), sup=at(symbol.sup))


def _of_steps(context: Context, head: str) -> Iterator[Density]:
    """The densities of a letter at steps."""
    for each in context.densities.all:
        if each.signature.head == head and len(each.signature.variables) == 1:
            yield each


def _over(density: Density) -> str | None:
    name = density.signature.variables[0]
    return name.id if name is not None else None


def _run(context: Context, whole: tree.Call, wanted: Signature, density: Density, first: int | None) -> Run:
    """The density at every step; at the first alone (``first`` 1), or from the second on (2)."""
    time, span = context.time, whole.span
    assert time is not None
    own = density.signature
    count = len(own.variables)
    letter = tree.Symbol(next(iter(sorted(time.indices)), "t"), span=span)
    slots = _at_each_step(context, own, wanted, letter)
    head = tree.Symbol(own.head, sub=tuple(tree.Symbol(each, span=span) for each in own.group), span=span)
    call = tree.Call(head, slots[:count], slots[count:] or None, span=span)
    if slots != own.slots:
        context.assume(f"{whole} is the product over {letter} of {call}, each step by {density.label}", span)
    if first == 1:
        return Run(call, None)
    lower = tree.Number(str(time.start + (first or 1) - 1), span=span)
    binder = tree.Binds(letter, lower, span=span)
    return Run(call, tree.Big("prod", (binder,), None, call, False, span=span))


def _at_each_step(context: Context, own: Signature, wanted: Signature, letter: tree.Symbol) -> tuple[tree.Node, ...]:
    """The slots of a density, placed where the joint is written. Of a density of single values, ``p(x|z)``, those that
    the joint has at all steps stand at each of them: ``p(x_t|z_t)``."""
    time = context.time
    assert time is not None
    slots = tuple(each.placed(letter.span) for each in own.slots)
    if any(name is None or list(time.places(name)) for name in (*own.variables, *own.given)):
        return slots
    names = (*wanted.variables, *wanted.given)
    at = {
        name.id: _at(context, slot, letter)
        for name, slot in zip(names, wanted.slots, strict=True)
        if name and isinstance(slot, tree.Symbol) and is_whole(context, slot)
    }
    return tuple(
        at.get(name.id, slot) if name else slot for name, slot in zip((*own.variables, *own.given), slots, strict=True)
    )


def _unknown(context: Context, call: tree.Call, variable: str) -> Refused:
    return context.refuse(
        "F2D-0302",
        f"nothing says how {call} is factorised over its steps",
        call.span,
        f"declare it: {call} = \\prod_{{t=1}}^T p({variable}_t|{variable}_{{t-1}})",
    )
