"""What an author may have meant by a command that no one knows."""

from __future__ import annotations

from functools import lru_cache

from formula2dgm.syntax.vocabulary import KNOWN_COMMANDS, STRUCK_OUT

_MAX_LENGTH = 40


@lru_cache(maxsize=256)
def unknown_command(name: str, macros: frozenset[str]) -> str:
    r"""The hint for an unknown command: one that is spelled almost like it, two that stand together, or a definition.

    >>> unknown_command("mathcl", frozenset())
    'did you mean \\mathcal?'
    >>> unknown_command("logP", frozenset())
    'did you mean \\log P?'
    """
    if name in STRUCK_OUT:
        return "leave out what is struck out, or write what it is replaced by"
    if name[:-1] in KNOWN_COMMANDS and len(name) > 2 and (name[-1].isupper() or len(name) > 3):
        return f"did you mean \\{name[:-1]} {name[-1]}?"
    allowed = 0 if len(name) < 3 or len(name) > _MAX_LENGTH else 1 if len(name) < 8 else 2
    known = sorted(KNOWN_COMMANDS | {each for each in macros if each.isalpha()})
    near = [(distance(name, each), each) for each in known if allowed and abs(len(each) - len(name)) <= allowed]
    best = min(near, default=(allowed + 1, ""))
    if best[0] <= allowed:
        return f"did you mean \\{best[1]}?"
    return f"define it with macros=[…], --macro or --macros FILE: \\newcommand{{\\{name[:_MAX_LENGTH]}}}{{…}}"


def distance(a: str, b: str) -> int:
    """How many letters must be changed, put in, left out or swapped with the next.

    >>> distance("lgo", "log"), distance("thta", "theta"), distance("inf", "infdivx")
    (1, 1, 4)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, above, row = row, before, [i]
        for j, right in enumerate(b, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
