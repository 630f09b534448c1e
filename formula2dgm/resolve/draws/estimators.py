"""Which estimator a draw's gradient has: what was chosen for it, or the one that its family suggests.

The option's keys are formulas, as those of the bindings: a variable (``z``) or a density (``q(z|x)``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from formula2dgm import registry
from formula2dgm.diagnostics import Diagnostics, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import read_signature
from formula2dgm.registry.estimators import Choice, Chosen, choices, estimator
from formula2dgm.spans import Source
from formula2dgm.syntax import parse_one, tree


@dataclass(slots=True)
class Entry:
    """One entry of the option: what it stands for, and whether something drew it."""

    key: tree.Node
    choice: Chosen
    used: bool = False


@dataclass(slots=True)
class Estimators:
    """All entries of the option.

    of_sites  the estimator of each draw, by its site
    """

    entries: list[Entry] = field(default_factory=list)
    of_sites: dict[str, str] = field(default_factory=dict)

    def of(self, fits: Callable[[tree.Node], bool], names: Collection[str]) -> str | None:
        """The one of the names that was chosen for what a key names: an estimator over the batch, not of a draw."""
        found = [each for each in self.entries if fits(each.key) and each.choice.name in names]
        for each in found:
            each.used = True
        return found[0].choice.name if found else None

    def chosen(self, name: Name, label: str, indices: frozenset[str], groups: frozenset[str]) -> Chosen | None:
        """What was chosen for a variable drawn from a density; a density's own entry counts before its variable's."""
        found = [each for each in self.entries if _names(each.key, name, label, indices, groups)]
        for each in found:
            each.used = True
        return next((each.choice for each in found if isinstance(each.key, tree.Call)), None) or next(
            (each.choice for each in found), None
        )

    def summed(self, variable: str) -> None:
        """A written sum over all values of a variable is what ``enumerate`` asks for."""
        for each in self.entries:
            if str(each.key) == variable and each.choice.name == "enumerate":
                each.used = True


def read_estimators(given: Mapping[str, Chosen], found: Diagnostics) -> Estimators:
    """The option with its keys parsed."""
    out = Estimators()
    for text, choice in given.items():
        try:
            key = parse_one(Source(text, f"estimators[{text!r}]"))
        except FormulaError as error:
            found.extend(error.diagnostics)
            continue
        if not isinstance(key, tree.Symbol | tree.Call | tree.Divergence | tree.Power):
            found.error("F2D-0431", f"{key} is neither a variable nor a density", key.span, 'write {"z": "score"}')
            continue
        out.entries.append(Entry(key, choice))
    return out


def _names(key: tree.Node, name: Name, label: str, indices: frozenset[str], groups: frozenset[str]) -> bool:
    if isinstance(key, tree.Symbol):
        return read_name(key, indices).id == name.id
    if not isinstance(key, tree.Call):
        return False
    try:
        written = parse_one(Source(label, "density"))
    except FormulaError:
        return False
    if not isinstance(written, tree.Call):
        return False
    wanted, own = (read_signature(each, indices, groups) for each in (key, written))
    return (wanted.head, wanted.ids) == (own.head, own.ids) and wanted.group in ((), own.group)


def refuse_unused(estimators: Estimators, found: Diagnostics) -> None:
    """An estimator for what nothing draws is an error: the gradient that was meant is not estimated so."""
    for each in estimators.entries:
        if not each.used:
            found.error(
                "F2D-0431",
                f"estimators names {each.key}, and the formula draws or estimates nothing of that name",
                each.key.span,
                "closed forms draw nothing; name a variable that an expectation or a statement draws, q(z) or MMD",
            )


def choose(chosen: Chosen | None, law: ir.Law, single: bool) -> Chosen | None:
    """The estimator of a draw from a law, or None where the family needs one to be named.

    ``single``: the draw stands in a bracket that draws it once, so that it can be summed over all its values.
    """
    family = registry.family(law.family)
    if chosen is not None:
        known = estimator(chosen.name)
        fits = known is not None and known.allows(family) and (single or not known.finite)
        return chosen if fits else None
    if family.pathwise:
        return Choice("pathwise")
    if family.finite and single:
        return Choice("enumerate")
    return None if carries_gradient(law) else Choice("pathwise")


def listing(law: ir.Law, key: str, single: bool) -> str:
    """The estimators that a draw can have, as they are written."""
    fitting = [each for each in choices(registry.family(law.family)) if single or not each.finite]
    return ", ".join(f'estimators={{"{key}": "{each.name}"}}' for each in fitting)


def carries_gradient(node: ir.Node) -> bool:
    """Does a gradient pass through the node into something that is learned?"""
    match node:
        case ir.StopGrad():
            return False
        case ir.Draw(law) if not registry.family(law.family).pathwise:
            return False
        case ir.NetCall(frozen=False) | ir.Param(learned=True, frozen=False):
            return True
    return any(carries_gradient(each) for each in node.children)
