"""The survey's page, docs/survey.md."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from tests.survey.given import Given
from tests.survey.judgement import Judgement
from tests.survey.measure import BATCH, SIZE, Outcome, is_trainable

PAGE = """\
# Survey of published equations

How many equations of {total} from 156 public sources formula2dgm reads, and how many of the {trainable} objectives and
derivation chains among them, of which the source trains a model, become training code from the formula alone.
The equations are `tests/data/equations.jsonl`, each with the macros of its source. This page is written by
`make survey`, which measures again; `python tests/survey/survey.py --only eq0111` shows one equation.
Measured with Python {python}, torch {torch}.

## Reading

{read} of {total} are read ({read_share}). Of the {unread} that are refused, {wrong} have an error in the source, each
with a located message; without those {wrong}, {read} of {right} are read ({right_share}).

{unread_table}

## Training

Each objective is compiled by `f2d.compile(latex, macros=..., scaffold=True)`. Where an error asks for the size of data
that the formula does not say, it is given as its help says, `dims={{"x": {size}}}`, a size that no default has. On a
random batch of {batch} every player then takes one step of Adam. An objective *trains* if the loss is finite, a finite
gradient that is not all zero reaches each network of the player, and the step changes a parameter.

**{trains} of {trainable} train ({trains_share}).** Of these, {stands_in} train something else than their source means,
because a default stands in for what the formula leaves open; each default is among the objective's assumptions.
{as_meant} ({as_meant_share}) train as written. This is a judgement by hand; so is the construct that each of the others
waits for, the first where several are missing.

| what became of them | equations |
|---|---|
{statuses}

## With what they ask for

An error says what to add. For {given_count} of the {refused} that do not train from the formula alone,
`tests/survey/given.toml` holds what a reader of the source adds: a size or a definition that the error asks for, or
what the source means where it misprints. Each then takes the same step, and the tests compare it with the reference
interpreter: **with what they ask for, {with_given} of {trainable} train ({with_given_share}).** What is added is a
judgement by hand; so is that it says what the source means.

{given_table}

## What is missing, by construct

| construct | equations | which |
|---|---|---|
{constructs}

## What trains with a stand-in

| stand-in | equations | which |
|---|---|---|
{stand_ins}

## All that do not train

| equation | model | construct missing | stopped by |
|---|---|---|---|
{rest}
"""

STATUSES = {
    "trains": "trains",
    "does not train": "compiles, but takes no step",
    "not compiled": "read, but refused at resolving",
    "not read": "refused at reading",
    "crash": "ends in an exception that is no refusal: a bug",
}


def page(
    rows: Sequence[Mapping[str, Any]],
    outcomes: Mapping[str, Outcome],
    judged: Judgement,
    givens: Mapping[str, Given],
    with_given: Mapping[str, Outcome],
) -> str:
    """The page as Markdown; the same for the same outcomes. ``with_given``: those of the equations with additions."""
    wanted = [row for row in rows if is_trainable(row)]
    unread = [row for row in rows if not outcomes[row["id"]].is_read]
    wrong = [row for row in unread if row["id"] in judged.source_errors]
    trains = [row for row in wanted if outcomes[row["id"]].status == "trains"]
    as_meant = [row for row in trains if row["id"] not in judged.stands_in]
    read, right = len(rows) - len(unread), len(rows) - len(wrong)
    added = [row for row in wanted if row not in trains and row["id"] in givens]
    mended = [row for row in added if with_given[row["id"]].status == "trains"]
    return PAGE.format(
        total=len(rows),
        trainable=len(wanted),
        python=".".join(platform.python_version_tuple()[:2]),
        torch=_release(torch.__version__),
        read=read,
        unread=len(unread),
        read_share=_share(read, len(rows)),
        wrong=len(wrong),
        right=right,
        right_share=_share(read, right),
        unread_table=_unread_table(unread, outcomes, judged),
        size=SIZE,
        batch=BATCH,
        trains=len(trains),
        trains_share=_share(len(trains), len(wanted)),
        stands_in=len(trains) - len(as_meant),
        as_meant=len(as_meant),
        as_meant_share=_share(len(as_meant), len(wanted)),
        statuses=_status_rows([outcomes[row["id"]] for row in wanted]),
        given_count=len(added),
        refused=len(wanted) - len(trains),
        with_given=len(trains) + len(mended),
        with_given_share=_share(len(trains) + len(mended), len(wanted)),
        given_table="\n".join(
            [
                "| equation | refused with | what is added | why | trains |",
                "|---|---|---|---|---|",
                *(_given_row(outcomes[row["id"]], givens[row["id"]], with_given[row["id"]]) for row in added),
            ]
        ),
        constructs=_grouped({row["id"]: judged.missing[row["id"]] for row in wanted if row not in trains}),
        stand_ins=_grouped(judged.stands_in),
        rest="\n".join(_rest_row(row, outcomes[row["id"]], judged) for row in wanted if row not in trains),
    )


def _release(text: str) -> str:
    """The release of a version, without the label of its build."""
    return text.partition("+")[0]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _unread_table(unread: Iterable[Mapping[str, Any]], outcomes: Mapping[str, Outcome], judged: Judgement) -> str:
    rows = [
        f"| {row['id']} | {_cell(row['model'])} | {judged.source_errors.get(row['id'], 'not read yet')} "
        f"| {outcomes[row['id']].code} |"
        for row in unread
    ]
    return "\n".join(["| equation | model | error of the source | refused with |", "|---|---|---|---|", *rows])


def _status_rows(outcomes: Sequence[Outcome]) -> str:
    counts = {status: sum(each.status == status for each in outcomes) for status in STATUSES}
    return "\n".join(f"| {STATUSES[status]} | {count} |" for status, count in counts.items() if count)


def _grouped(constructs: Mapping[str, str]) -> str:
    """A row for each construct with its equations, the most frequent first."""
    groups: dict[str, list[str]] = {}
    for id, construct in sorted(constructs.items()):
        groups.setdefault(construct, []).append(id)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return "\n".join(f"| {construct} | {len(ids)} | {', '.join(ids)} |" for construct, ids in ordered)


def _rest_row(row: Mapping[str, Any], outcome: Outcome, judged: Judgement) -> str:
    stopped = outcome.code or ("a bug" if outcome.status == "crash" else outcome.reason)
    return f"| {row['id']} | {_cell(row['model'])} | {judged.missing[row['id']]} | {stopped} |"


def _given_row(refused: Outcome, given: Given, outcome: Outcome) -> str:
    trains = "yes" if outcome.status == "trains" else f"no: {outcome.code or outcome.reason}"
    return f"| {refused.id} | {refused.code or refused.reason} | {_additions(given)} | {_cell(given.why)} | {trains} |"


def _additions(given: Given) -> str:
    """Statements, corrected texts and options, each as code."""
    parts = [f"`{text}`" for text in given.add]
    parts += [f"`{meant}` for `{printed}`" if meant else f"without `{printed}`" for printed, meant in given.correct]
    parts += [f"`{name}={value!r}`" for name, value in given.options.items()]
    return _cell(", ".join(parts))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
