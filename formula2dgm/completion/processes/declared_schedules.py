r"""The schedules that the steps of a declared process read, and that nothing says: the usual one, as an assumption.

    q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I)      \beta_t, where t counts steps
    \bar\alpha_t = \prod_{s=1}^t \alpha_s, \alpha_t = 1 - \beta_t               \beta_t

Elsewhere, as in ``\beta_t KL[...]``, the name is a weight of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from formula2dgm.completion.processes.default_statements import (
    ALPHA,
    ALPHA_BAR,
    BETA,
    SCHEDULES,
    Defaults,
    Schedule,
    is_named,
)
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree


def write_schedules(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such schedules, and what was decided; ``keys`` are what is bound, ``numbers`` those of them
    that are bound to single numbers."""
    text = _Schedules(list(statements), keys, numbers)
    text.complete()
    return text.statements, text.notes


class _Schedules(Defaults):
    def complete(self) -> None:
        """Say the schedules that are read at steps."""
        for chain in list(self.chains()):
            index = _step_of(chain) or self._product_to(chain)
            if index is None:
                continue
            self.last = self._last(index)
            for schedule in self._read_in(chain, index):
                if self.says_schedule(schedule) or self._is_constant(schedule):
                    continue
                if schedule == ALPHA and _step_of(chain) and not _reads_before(chain, schedule, index):
                    self.add(rf"\alpha_{index} = 1 - \beta_{index}", chain.span)
                    schedule = BETA
                self.schedule(schedule, index, chain.span)

    def _last(self, index: str) -> str:
        """The last step, by a sum or a product over all of them."""
        for node in self.nodes():
            if isinstance(node, tree.Big) and isinstance(node.upper, tree.Symbol) and node.upper.letter.isupper():
                if any(isinstance(each, tree.Binds) and plain(each.name) == index for each in node.binders):
                    return node.upper.latex()
        return "T"

    def _product_to(self, chain: tree.Chain) -> str | None:
        r"""The index of ``\bar\alpha_t = \prod_{s=1}^t ...``."""
        left, right = chain.members[0], chain.members[-1]
        if not is_named(left, ALPHA_BAR) or not isinstance(left, tree.Symbol) or len(left.sub) != 1:
            return None
        products = [each for each in right.all(tree.Big) if each.op == "prod"]
        return plain(left.sub[0]) if any(each.upper == left.sub[0] for each in products) else None

    def _read_in(self, chain: tree.Chain, index: str) -> Iterator[Schedule]:
        """The schedules that a statement reads, itself or by what is said of the others."""
        nodes = [node for member in chain.members[1:] for node in member.walk()]
        bound = {
            plain(each.name)
            for node in nodes
            if isinstance(node, tree.Big)
            for each in node.binders
            if isinstance(each, tree.Binds)
        }
        for schedule in SCHEDULES:
            symbols = [each for each in nodes if isinstance(each, tree.Symbol) and is_named(each, schedule)]
            if any(len(each.sub) == 1 and plain(each.sub[0]) in {index, *bound} for each in symbols):
                yield schedule
                yield from (own for own in SCHEDULES if any(is_named(each, own) for each in self._reads(schedule)))

    def _is_constant(self, schedule: Schedule) -> bool:
        """Is it one number, the same at every step, that the text reads nowhere else: ``\\beta = 0.02``?"""
        named = [each for each in (*self.numbers, *self.left_sides()) if each == parse_one(_bare(schedule))]
        return bool(named) and not self._reads_number(schedule)


def _bare(schedule: Schedule) -> str:
    letter, accents = schedule
    return rf"\bar\{letter}" if accents else rf"\{letter}"


def _reads_before(chain: tree.Chain, schedule: Schedule, index: str) -> bool:
    r"""Is a schedule read at the step before, too, as a product of all steps is: ``\alpha_t / \alpha_{t-1}``?"""
    symbols = (each for each in chain.members[-1].all(tree.Symbol) if is_named(each, schedule))
    return any(each.sub == (parse_one(f"{index} - 1"),) for each in symbols)


def _step_of(chain: tree.Chain) -> str | None:
    """The index of ``q(x_t|x_{t-1}) = ...``, one step of a process without parameters."""
    left = chain.members[0]
    if chain.relations[0] not in ("=", ":=") or not isinstance(left, tree.Call) or not is_density_call(left):
        return None
    match left.args, left.given:
        case (tree.Symbol(sub=(now,)) as later,), (tree.Symbol(sub=(before,)) as earlier, *_):
            index = plain(now)
            steps = index is not None and before == parse_one(f"{index} - 1")
            return index if steps and letter_of(later) == letter_of(earlier) else None
    return None
