"""``--label``: a display, a row of one, a group of them; and what is no label."""

from __future__ import annotations

import pytest

from formula2dgm.documents import pick

from .reading import document

TEX = r"""
\begin{equation} \label{eq:one} a = 1 \end{equation}
\begin{align}
  b &= 2 \label{eq:two} \\
  c &= 3 \nonumber \\
  d &= 4 \\
    &\quad + 5 \label{eq:four}
\end{align}
\begin{subequations} \label{eq:group}
\begin{equation} e = 6 \label{eq:e} \end{equation}
\begin{equation} f = 7 \end{equation}
\end{subequations}
\begin{equation} \begin{aligned} g &= 8 \\ h &= 9 \end{aligned} \label{eq:both} \end{equation}
Text with $i = 10$.
"""


@pytest.mark.parametrize(
    ("labels", "statements"),
    [
        (["eq:one"], ["a = 1"]),
        (["eq:two"], ["b = 2"]),
        (["eq:four"], ["d = 4 + 5"]),
        (["eq:group"], ["e = 6", "f = 7"]),
        (["eq:e"], ["e = 6"]),
        (["eq:both"], ["g = 8", "h = 9"]),
        (["eq:both", "eq:one", "eq:two"], ["a = 1", "b = 2", "g = 8", "h = 9"]),
        (["1"], ["a = 1"]),
        (["2"], ["b = 2", "c = 3", "d = 4 + 5"]),
        (["2.2"], ["c = 3"]),
        (["2.3", "2.1", "eq:e"], ["b = 2", "d = 4 + 5", "e = 6"]),
        (["6"], ["i = 10"]),
    ],
)
def test_labels_pick(labels: list[str], statements: list[str]) -> None:
    (picked,), unknown = pick([document(TEX)], labels)
    assert unknown == []
    assert [str(each) for entry in picked.entries for each in entry.statements] == statements


def test_a_row_keeps_only_its_own_errors() -> None:
    text = r"\begin{align} a &= b \label{eq:good} \\ c &= \foo \label{eq:bad} \end{align} \[ x( \]"
    (good,), _ = pick([document(text)], ["eq:good"])
    assert [(len(each.statements), each.diagnostics) for each in good.entries] == [(1, ())]
    (bad,), _ = pick([document(text)], ["eq:bad"])
    assert [(len(each.statements), each.failed) for each in bad.entries] == [(0, True)]


def test_an_unknown_label_is_an_error_with_what_is_near() -> None:
    _, (missing,) = pick([document(TEX)], ["eq:tow"])
    assert missing.code == "F2D-0810" and missing.severity == "error"
    assert missing.hint is not None and missing.hint.startswith("did you mean eq:two") and "eq:one" in missing.hint


@pytest.mark.parametrize("label", ["0", "7", "2.4", "2.0", "99999999", "1.", "-1"])
def test_a_number_of_no_display_is_an_unknown_label(label: str) -> None:
    _, (missing,) = pick([document(TEX)], [label])
    assert missing.code == "F2D-0810" and repr(label) in missing.message


def test_a_label_that_is_a_number_is_that_label() -> None:
    text = r"\begin{equation} a = 1 \end{equation} \begin{equation} b = 2 \label{1} \end{equation}"
    (picked,), _ = pick([document(text)], ["1"])
    assert [str(each) for entry in picked.entries for each in entry.statements] == ["b = 2"]


def test_displays_are_counted_through_all_documents() -> None:
    one, two = document(r"\[ a = 1 \] \[ b = 2 \]"), document(r"\[ c = 3 \]")
    (first, second), unknown = pick([one, two], ["3"])
    assert unknown == [] and first.entries == ()
    assert [str(each) for entry in second.entries for each in entry.statements] == ["c = 3"]


def test_a_label_may_be_in_any_of_several_documents() -> None:
    documents, unknown = pick([document(TEX), document(r"\[ x = y \label{eq:other} \]")], ["eq:other", "eq:one"])
    assert unknown == [] and [len(each.entries) for each in documents] == [1, 1]


def test_commented_labels_are_none() -> None:
    assert document("\\begin{equation} a = b % \\label{eq:no}\n\\end{equation}").labels == []
