"""The members of a chain against each other: what a derivation says is equal is, and what it says is a bound is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm import driver
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.records import dataclass
from formula2dgm.resolve.statements.wanted import read_wanted
from formula2dgm.runtime.objective import Objective
from formula2dgm.syntax import tree
from formula2dgm.verification.estimates import SIGMAS, Evaluation, apart, evaluation
from formula2dgm.verification.findings import Comparison
from formula2dgm.verification.subject import Subject, example

KIND = "derivation, member by member (standard errors)"
#: What each relation says of the means of its sides.
_SAYS = {"=": "=", ":=": "=", ">=": ">=", ">": ">=", "<=": "<=", "<": "<="}


@dataclass(frozen=True, slots=True)
class _Member:
    """A member by itself; ``relations`` lead to it from the one before."""

    text: str
    objective: Objective
    relations: tuple[str, ...]


def compared(subject: Subject, seeds: int) -> Iterator[Comparison | str]:
    """Neighbours in each chain that is an objective; a sentence for a member that cannot be computed by itself."""
    macros, labels = subject.options["macros"], subject.options["labels"]
    statements = driver.as_written(subject.formula, macros, labels).statements
    for place, statement in enumerate(statements):
        wanted = read_wanted(statement, statement.body)
        if len(wanted.members) < 2 or not set(wanted.relations) & _SAYS.keys():
            continue
        others = [each.body.latex() for number, each in enumerate(statements) if number != place]
        yield from _of_chain(subject, wanted.members, wanted.relations, others, seeds)


def _of_chain(
    subject: Subject, members: Sequence[tree.Node], relations: Sequence[str], others: Sequence[str], seeds: int
) -> Iterator[Comparison | str]:
    computed: list[_Member] = []
    left_out: list[str] = []
    way: tuple[str, ...] = ()
    for member, relation in zip(members, ("", *relations), strict=True):
        way = (*way, relation)
        objective = _alone(subject, member, others)
        if isinstance(objective, str):
            left_out.append(f"{_short(member)} of the derivation: {objective}")
        else:
            computed.append(_Member(_short(member), objective, way))
            way = ()
    if len(computed) < 2:
        return
    yield from left_out
    for left, right in zip(computed, computed[1:], strict=False):
        relation = _followed(right.relations)
        for seed in range(seeds):
            first, second = (_value(subject, each.objective, seed) for each in (left, right))
            found = apart(first, second, seed)
            off = {"=": abs(found), ">=": max(0.0, -found), "<=": max(0.0, found)}.get(relation)
            if off is not None:
                yield Comparison(KIND, f"{left.text} {relation} {right.text}", f"seed {seed}", off, SIGMAS)


def _alone(subject: Subject, member: tree.Node, others: Sequence[str]) -> Objective | str:
    """A member with the networks of the objective; why there is none."""
    try:
        objective = subject.again([member.latex(), *others], maximize=True)
    except FormulaError as error:
        return error.diagnostics[0].message
    unknown = _of_data(objective) - _of_data(subject.objective)
    return f"{', '.join(sorted(unknown))} is no density of the model" if unknown else objective


def _value(subject: Subject, objective: Objective, seed: int) -> Evaluation:
    """At the data of the objective that is verified, and at random data for what that does not read."""
    batch, _ = example(subject.objective, 3, seed)
    own, _ = example(objective, 3, seed)
    return evaluation(objective, {**own, **batch}, lambda out: out.value)


def _of_data(objective: Objective) -> set[str]:
    """The densities that are scored at data: one that the objective does not have is the evidence, which none knows."""
    scores = (each for each in walk(*objective.program.roots) if isinstance(each, ir.LogProb))
    return {each.law.label for each in scores if isinstance(each.value, ir.Data)}


def _followed(relations: Sequence[str]) -> str:
    """What follows of the ends from a row of relations; nothing, ``""``, where they point both ways."""
    says = {_SAYS.get(each, "") for each in relations} - {"="}
    return "=" if not says else says.pop() if len(says) == 1 else ""


def _short(member: tree.Node) -> str:
    text = str(member)
    return text if len(text) <= 40 else f"{text[:37]}..."
