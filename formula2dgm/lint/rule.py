"""What a rule of the lint is, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from formula2dgm.diagnostics import Fix
from formula2dgm.ir.program import Program
from formula2dgm.reading.polarity import Known
from formula2dgm.records import dataclass
from formula2dgm.resolve.statements.model import Model
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a place, with a way out, and what to write there where that is certain."""

    message: str
    span: Span | None
    hint: str | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What rules read: the statements as they were understood and sorted, and the program that they became."""

    statements: tuple[tree.Statement, ...]
    model: Model
    program: Program

    @property
    def known(self) -> Known:
        """What is known of the names."""
        bodies = {name: definition.body for name, definition in self.model.definitions.items()}
        return Known(self.model.indices, self.model.parameters, bodies)

    def nodes(self) -> Iterator[tree.Node]:
        return (node for each in self.statements for node in each.body.walk())

    def members(self) -> Iterator[tree.Node]:
        """What is to be maximised or minimised: every member of every objective."""
        return (member for wanted in self.model.objectives for member in wanted.members)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, whether what it finds is a likely mistake (``warning``) or worth knowing (``note``)."""

    code: str
    severity: Literal["warning", "note"]
    find: Callable[[Text], Iterator[Finding]]
