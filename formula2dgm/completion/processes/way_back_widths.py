r"""What the law of a step back is made of where a text gives it letters and says no more of them.

N(x_{t-1}; m, \sigma_t^2 I)             \sigma_t^2 is \beta_t, the variance of the step (Ho et al. 2020)
N(x_{t-1}; m, \tilde\beta_t I)          (1-\bar\alpha_{t-1})/(1-\bar\alpha_t) \beta_t, that of q(x_{t-1}|x_t, x_0)
\beta_t, \bar\alpha_t, \alpha_t beside  the usual schedules

Any other coefficient of a step that it reads has to be said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from formula2dgm.completion.processes.default_statements import ALPHA, ALPHA_BAR, BETA, SCHEDULES, Defaults
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.coefficients import SCALAR_LETTERS
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree

#: Letters of coefficients of a step.
_LETTERS = SCALAR_LETTERS | {"sigma"}
_SIGMA, _BETA_TILDE = ("sigma", ()), ("beta", ("tilde",))


def write_widths(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these widths, and what was decided; ``keys`` are what is bound, ``numbers`` those of them
    that are bound to single numbers."""
    return _Widths.completed(statements, keys, numbers)


class _Widths(Defaults):
    def complete(self) -> None:
        """Say each coefficient of a step that the law of a step back reads."""
        for chain in list(self.chains()):
            index = _index_of_step_back(chain)
            for name in self._unsaid(chain, index) if index is not None else ():
                assert index is not None
                if not self._write(chain, name, index):
                    raise FormulaError(_refusal(chain, name))

    def _write(self, chain: tree.Chain, name: tree.Symbol, index: str) -> bool:
        """Say one of them; False where nothing is known of it."""
        schedule = (name.letter, name.accents)
        if schedule in SCHEDULES:
            known = schedule != ALPHA or self.has_index(ALPHA_BAR, index)
        else:
            known = self.says_schedule(BETA) or self.has_index(BETA, index)
        if not known or name in _applied(chain):
            return False
        if schedule == _SIGMA and _is_squared(chain, name):
            self.add(rf"\sigma_{index} = \sqrt{{\beta_{index}}}", name.span)
        elif schedule == _BETA_TILDE:
            share = rf"\frac{{1 - \bar\alpha_{{{index}-1}}}}{{1 - \bar\alpha_{index}}}"
            self.add(rf"\tilde\beta_{index} = {share} \beta_{index}", name.span)
            self.schedule(ALPHA_BAR, index, name.span)
        elif schedule in SCHEDULES:
            self.schedule(schedule, index, name.span)
            return True
        else:
            return False
        self.schedule(BETA, index, name.span)
        return True

    def _unsaid(self, chain: tree.Chain, index: str) -> list[tree.Symbol]:
        """The coefficients of a step that its law reads, and that nothing says."""
        own, applied = set(chain.members[0].walk()), {id(each) for each in _applied(chain)}
        heads = {id(each.head) for each in _law(chain) if isinstance(each, tree.Call)} - applied
        named: dict[tree.Symbol, None] = {}
        for each in _law(chain):
            if not isinstance(each, tree.Symbol) or id(each) in heads or list(map(plain, each.sub)) != [index]:
                continue
            schedule = (each.letter, each.accents)
            said = self.says_schedule(schedule) if schedule in SCHEDULES else self.is_said(*schedule)
            if each.letter in _LETTERS and each not in own and not said:
                named[each] = None
        return list(named)


def _applied(chain: tree.Chain) -> list[tree.Symbol]:
    r"""Deviations of a step that are applied, ``\sigma_t(x_t)``: of no letter that says whether it is a network."""
    heads = (each.head for each in _law(chain) if isinstance(each, tree.Call))
    bases = (each.base if isinstance(each, tree.Power) else each for each in heads)
    return [each for each in bases if isinstance(each, tree.Symbol) and (each.letter, each.accents) == _SIGMA]


def _refusal(chain: tree.Chain, name: tree.Symbol) -> Diagnostic:
    message = f"{chain.members[0]} reads {name}, and nothing says what {name} is at each step"
    hint = f"write it, {name.latex()} = ..., or bind it to a tensor"
    if name in _applied(chain):
        hint = rf"write a network with its parameters and the step: \{name.letter}_\theta(..., {name.sub[0]})"
    return Diagnostic("F2D-0595", "error", message, name.span, hint)


def _is_squared(chain: tree.Chain, name: tree.Symbol) -> bool:
    """Is a deviation read by its square alone?"""
    nodes = list(_law(chain))
    squares = [
        each for each in nodes if isinstance(each, tree.Power) and each.base == name and str(each.exponent) == "2"
    ]
    return len(squares) == sum(each == name for each in nodes)


def _index_of_step_back(chain: tree.Chain) -> str | None:
    """The index of ``p_\\theta(x_{t-1}|x_t) = ...``."""
    left = chain.members[0]
    if chain.relations[0] not in ("=", ":=") or not isinstance(left, tree.Call) or not is_density_call(left):
        return None
    match left.args, left.given:
        case (tree.Symbol(sub=(before,)) as earlier,), (tree.Symbol(sub=(now,)) as later, *_):
            index = plain(now)
            steps = index is not None and before == parse_one(f"{index} - 1")
            return index if steps and letter_of(later) == letter_of(earlier) else None
    return None


def _law(chain: tree.Chain) -> Iterator[tree.Node]:
    return (node for each in chain.members[1:] for node in each.walk())
