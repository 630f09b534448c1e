"""What is data: the densities that stand for the data set, and the variables that no density is over."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.data_names import DATA_LABELS, DATA_NAMES, NOISE_LETTERS
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import DENSITY_LETTERS, POSTERIOR_LETTERS, is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.data.joints import is_joint_of_data, variables_of_joints
from formula2dgm.resolve.densities.aggregated_forms import mixes_to
from formula2dgm.resolve.densities.approximations import drawn_from, is_approximation, is_compared, is_evaluated
from formula2dgm.resolve.densities.bare import density_of, may_be_several
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.syntax import tree

#: Labels of one data set among several: labelled, unlabelled, source, target.
SET_LABELS = frozenset(
    """l L lab labeled labelled sup supervised u U unl unlab unlabeled unlabelled unsup unsupervised
    src source tgt target""".split()
)


def is_data_source(context: Context, density: tree.Node | None, names: Sequence[tree.Node] = ()) -> bool:
    """Is this the empirical distribution: named so, or a variable that no density of the program is over?"""
    if density is None:
        return bool(names) and all(_is_plain_data(context, each) for each in names)
    head = density.head if isinstance(density, tree.Call) else density
    if not isinstance(head, tree.Symbol) or is_written_family(density):
        return False
    name = read_name(head, context.model.indices, head=True)
    if name.id in DATA_NAMES or DATA_LABELS & set(name.labels) or set_of(density, context.model.indices):
        return True
    if name.letter in ("p", "P", "q", "Q") and "hat" in name.accents:
        return True
    if isinstance(density, tree.Symbol) and is_joint_of_data(context, names):
        listed = ", ".join(map(str, names))
        context.assume(f"{density} is bound to nothing and only drawn from: ({listed}) are the data", density.span)
        return True
    if isinstance(density, tree.Symbol) and _draws_one(density, names) and not may_be_several(context, density, names):
        density = density_of(context, density, names)
    return isinstance(density, tree.Call) and _only_sampled(context, density)


def _draws_one(density: tree.Symbol, names: Sequence[tree.Node]) -> bool:
    """Is one variable drawn from a letter of densities, ``x \\sim p_d``?"""
    return density.letter in DENSITY_LETTERS and len(names) == 1 and isinstance(names[0], tree.Symbol)


def set_of(density: tree.Node | None, indices: frozenset[str] | set[str]) -> str:
    """The label that tells a data set from others: ``u`` of ``\\mathcal{D}_u`` and ``p_u(x)``; else ``""``."""
    head = density.head if isinstance(density, tree.Call) else density
    if not isinstance(head, tree.Symbol):
        return ""
    name = read_name(head, indices, head=True)
    labels = [each for each in name.labels if each not in DATA_LABELS]
    if len(labels) != 1 or (name.style + name.letter) not in {*DATA_NAMES, "p", "P"}:
        return ""
    return labels[0] if name.style + name.letter == "calD" or labels[0] in SET_LABELS else ""


def _is_plain_data(context: Context, node: tree.Node) -> bool:
    if not isinstance(node, tree.Symbol):
        return False
    name = read_name(node, context.model.indices)
    known = name.id in context.model.drawn or name.id in context.model.definitions or name.id in context.latent
    return not known and name.id in context.model.variables and not density_over(context, name)


def density_over(context: Context, name: Name) -> list[Density]:
    return [
        each
        for each in context.densities.all
        if len(each.signature.variables) == 1
        and each.signature.variables[0] is not None
        and each.signature.variables[0].id == name.id
        and not each.signature.given
    ]


def drawn_in_definition(context: Context, name: Name, bound: frozenset[str]) -> list[Use]:
    """The z that ``E_{\\hat x}`` draws where ``\\hat x = \\epsilon x + (1 - \\epsilon) G(z)`` and nothing binds z."""
    found: dict[str, Use] = {}
    seen, waiting = {name.full}, [name.full]
    while waiting:
        for each in context.model.definitions[waiting.pop()].body.walk():
            if not isinstance(each, tree.Symbol):
                continue
            inner = read_name(each, context.model.indices)
            if inner.full in context.model.definitions:
                waiting += [inner.full] if inner.full not in seen else []
                seen.add(inner.full)
            elif inner.id in context.latent - bound - context.model.drawn.keys() and not inner.index:
                if priors := density_over(context, inner):
                    found.setdefault(inner.id, Use(priors[0], (each,), ()))
    return list(found.values())


def _only_sampled(context: Context, density: tree.Call) -> bool:
    """An unconditional density that is bound to nothing is the data's own; not one over a letter of noise."""
    if not _stands_for_data(context, density):
        return False
    if (other := _another_source(context, density)) is not None:
        context.found.error(
            "F2D-0327",
            f"{density} and {other} are laws of one variable and bound to nothing: they cannot both be the data",
            density.span,
            f"bind the one that is a model, and name the data: p_{{data}}({', '.join(map(str, density.args))})",
        )
    context.assume(f"{density} is bound to nothing and only drawn from: it is the data", density.span)
    return True


def _stands_for_data(context: Context, density: tree.Call) -> bool:
    if density.given or not isinstance(density.head, tree.Symbol):
        return False
    signature = read_signature(density, context.model.indices, context.model.parameters)
    evaluated = is_evaluated(context, signature) or is_compared(context, signature)
    fitted = evaluated and is_approximation(context, signature)
    if signature.group or fitted or _has_entropy(context, density):  # a model, not the data
        return False
    if any(each and _is_mixed_over(context, signature.head, each.letter) for each in signature.variables):
        return False
    if any(mixes_to(each.signature, signature, context.latent) for each in context.densities.all):
        return signature.head.split("_")[0] not in POSTERIOR_LETTERS
    drawn = [each for each in signature.variables if each and (each.id in context.latent or _is_noise(each))]
    if any(each.id in context.latent for each in drawn):
        return False
    if drawn and not {each.id for each in drawn} <= variables_of_joints(context):
        return False
    if is_defined(context, density):
        return False
    return not context.densities.knows(signature)


def _has_entropy(context: Context, density: tree.Call) -> bool:
    """Does the text take its entropy, ``H(P(c))``?"""
    nodes = (each for root in context.model.expressions() for each in root.walk())
    return any(isinstance(each, tree.Func) and each.name == "H" and each.args == (density,) for each in nodes)


def _is_mixed_over(context: Context, head: str, letter: str) -> bool:
    r"""Is a variable of this letter drawn several times and given to a density of the same head: psi of
    ``\psi_{1:K} \sim q(\psi)`` beside ``\sum_k q(w|\psi_k)``? Data have one value for each example."""
    nodes = [node for root in context.model.expressions() for node in root.walk()]
    runs = [each for node in nodes if isinstance(node, tree.Draws) for each in node.names]
    if not any(isinstance(each, tree.Symbol) and each.letter == letter and _is_run(each) for each in runs):
        return False
    own = [each for each in nodes if isinstance(each, tree.Call) and str(each.head) == head]
    given = [item for each in own for item in each.given or ()]
    return any(isinstance(each, tree.Symbol) and each.letter == letter for each in given)


def _is_run(symbol: tree.Symbol) -> bool:
    return any(isinstance(each, tree.Range) for each in (*symbol.sub, *symbol.sup))


def _is_noise(name: Name) -> bool:
    return name.letter in NOISE_LETTERS


def is_defined(context: Context, density: tree.Node, names: Sequence[tree.Node] = ()) -> bool:
    """``p_g(\\tilde x)``, or ``\\tilde x \\sim p_g``, beside ``\\tilde x = G(z)``: the law of what is defined."""
    if isinstance(density, tree.Symbol) and _draws_one(density, names):
        density = tree.Call(density, tuple(names), span=density.span)
    if not isinstance(density, tree.Call) or density.given or not is_density_call(density):
        return False
    signature = read_signature(density, context.model.indices, context.model.parameters)
    defined = all(each is not None and _is_made_of_draws(context, each) for each in signature.variables)
    return bool(signature.variables) and defined and not context.densities.knows(signature)


def _is_made_of_draws(context: Context, name: Name) -> bool:
    """Is the variable defined by what statements draw, ``\\tilde x = G(z)`` with ``z \\sim p(z)``, and by data?"""
    definition = context.model.definitions.get(name.id)
    if definition is None:
        return False
    read = [read_name(each, context.model.indices) for each in definition.body.all(tree.Symbol)]
    return any(each.id in context.model.drawn for each in read) and not any(
        each.id in context.latent - context.model.drawn.keys() for each in read
    )


def _another_source(context: Context, density: tree.Call) -> tree.Call | None:
    """A law of another letter that would be taken for the data of the same variables."""
    own = read_signature(density, context.model.indices, context.model.parameters)
    for each in (*drawn_from(context), *_drawn_by_letter(context)):
        if not isinstance(each, tree.Call) or not is_density_call(each) or is_written_family(each):
            continue
        other = read_signature(each, context.model.indices, context.model.parameters)
        sets = (set_of(density, context.model.indices), set_of(each, context.model.indices))
        if other.head != own.head and other.ids == own.ids and not all(sets) and _stands_for_data(context, each):
            return each
    return None


def _drawn_by_letter(context: Context) -> list[tree.Call]:
    """``p_g(x)`` for ``x \\sim p_g`` below an expectation."""
    nodes = (each for root in context.model.expressions() for each in root.all(tree.Expect))
    items = [each for node in nodes for each in node.binders if isinstance(each, tree.Draws)]
    return [
        tree.Call(each.density, tuple(each.names), span=each.density.span)
        for each in items
        if isinstance(each.density, tree.Symbol) and _draws_one(each.density, each.names)
    ]
