r"""The macros of a document: what each file defines, and which of it holds where a formula stands.

A macro holds from its definition on, until it is defined again; before its first definition the first one holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from formula2dgm.records import dataclass
from formula2dgm.spans import Source
from formula2dgm.syntax.macros.definitions import definitions
from formula2dgm.syntax.macros.macro import Macro

_COMMAND = re.compile(r"\\([A-Za-z]+)")
_RELATION = re.compile(
    r"=|~|:|∈|∼|∝|≜|≔|≡|"
    r"\\(?:in|sim|propto|triangleq|coloneqq?|equiv|doteq|eqdef|gets|leftarrow|colonequals|stackrel|overset)(?![A-Za-z])"
)


@dataclass(frozen=True, slots=True)
class Defined:
    """Macros that a range of a file defines."""

    start: int
    end: int
    macros: dict[str, Macro]


def defined_in(text: str, before: dict[str, Macro]) -> list[Defined]:
    """The definitions of a file's active text in order; ``before`` holds what is defined before, and grows."""
    found: list[Defined] = []
    for start, end in definitions(Source(text), before).places:
        after = definitions(Source(text[start:end]), before).macros
        changed = {name: each for name, each in after.items() if before.get(name) is not each}
        found.append(Defined(start, end, changed))
        before.update(changed)
    return found


def first_definitions(defined: Iterable[Defined]) -> dict[str, Macro]:
    """Every macro as it is defined first."""
    macros: dict[str, Macro] = {}
    for each in defined:
        for name, macro in each.macros.items():
            macros.setdefault(name, macro)
    return macros


def commands_in(text: str) -> set[str]:
    """The commands that a text uses, without their backslashes."""
    return set(_COMMAND.findall(text))


def relational(macros: dict[str, Macro]) -> frozenset[str]:
    """The macros that write a relation, by themselves or through another."""
    found = {name for name, each in macros.items() if _RELATION.search(each.body)}
    uses = {name: commands_in(each.body) for name, each in macros.items()}
    while more := {name for name in uses.keys() - found if uses[name] & found}:
        found |= more
    return frozenset(found)


def may_relate(text: str, relational_macros: frozenset[str]) -> bool:
    """Whether a formula could say something about a name: whether it may hold a relation."""
    return bool(_RELATION.search(text)) or bool(relational_macros & commands_in(text))
