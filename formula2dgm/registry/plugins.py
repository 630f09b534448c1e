"""Families of other packages: found by their entry points, checked before they are used.

A package names a :class:`FamilyPlugin` under the entry point group ``formula2dgm.families``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.records import dataclass
from formula2dgm.registry.family import Family
from formula2dgm.registry.own import FAMILIES
from formula2dgm.registry.plugin_checks import problems
from formula2dgm.registry.signatures import file_of, functions_of

GROUP = "formula2dgm.families"


@dataclass(frozen=True, slots=True)
class FamilyPlugin:
    """A family that another package adds.

    family       its record
    library      the module with its functions (``"weibull_family.functions"``): its text is read and copied into
                 generated modules, so it imports torch, the standard library and ``formula2dgm.library`` alone
    divergences  its closed forms: ``(("KL", "Weibull", "Weibull", "kl_weibull_weibull"),)``, each a library function
                 of the left parameters (``p_scale``), then the right ones (``q_scale``)
    reference    ``"module:name"`` of a ``torch.distributions.Distribution`` of the canonical parameters, against which
                 generated code is tested; where noise is standard it has ``draw(noise)``, too.  None: it is not tested
    """

    family: Family
    library: str
    divergences: tuple[tuple[str, str, str, str], ...] = ()
    reference: str | None = None


def installed() -> tuple[FamilyPlugin, ...]:
    """The plug-ins of the installed packages. Raises :class:`FormulaError` (F2D-0710) for one that cannot be used."""
    return tuple(each for each, _ in _loaded())


def sources() -> tuple[Path, ...]:
    """The files of their functions."""
    return tuple(path for _, path in _loaded())


def closed_forms() -> dict[tuple[str, str, str], str]:
    """Their divergences: a name and two families, and the function that computes it."""
    return {(name, left, right): form for each in installed() for name, left, right, form in each.divergences}


def plugin_of(family: str) -> FamilyPlugin | None:
    """The plug-in that adds a family; None for one of the compiler's own."""
    return next((each for each in installed() if each.family.name == family), None)


@cache
def _loaded() -> tuple[tuple[FamilyPlugin, Path], ...]:
    found: list[tuple[FamilyPlugin, Path]] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        found.append(_load(entry, (*FAMILIES, *(plugin.family for plugin, _ in found))))
    return tuple(found)


def _load(entry: EntryPoint, before: tuple[Family, ...]) -> tuple[FamilyPlugin, Path]:
    try:
        plugin = entry.load()
    except Exception as error:
        raise _refusal(entry, [f"it does not load: {type(error).__name__}: {error}"]) from error
    if not isinstance(plugin, FamilyPlugin) or not isinstance(plugin.family, Family):
        raise _refusal(entry, [f"it is a {type(plugin).__name__}, not a formula2dgm.registry.FamilyPlugin of a Family"])
    path = file_of(plugin.library)
    if path is None:
        raise _refusal(entry, [f"its library {plugin.library!r} is no module with a .py file"])
    wrong = [*problems(plugin.family, path, before), *_own_problems(plugin, path)]
    if wrong:
        raise _refusal(entry, wrong)
    return plugin, path


def _own_problems(plugin: FamilyPlugin, path: Path) -> Iterator[str]:
    """What is wrong with the entries beside the family's record."""
    if plugin.reference is not None and ":" not in plugin.reference:
        yield f"its reference {plugin.reference!r} is not of the form 'module:name'"
    known = functions_of(path)
    for name, left, right, form in plugin.divergences:
        if plugin.family.name not in (left, right):
            yield f"the {name} of {left} and {right} is not of its family {plugin.family.name}"
        if form not in known:
            yield f"its library has no function {form}, the {name} of {left} and {right}"


def _refusal(entry: EntryPoint, wrong: list[str]) -> FormulaError:
    package = f" of the package {entry.dist.name}" if entry.dist else ""
    problem = f"the family {entry.name!r} ({entry.value}){package} cannot be used: " + "; ".join(wrong)
    hint = "docs/families.md says what a record holds; uninstall the package to do without it"
    return FormulaError(Diagnostic("F2D-0710", "error", problem, None, hint))
