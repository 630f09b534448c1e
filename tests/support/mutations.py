"""Formulas as a hurried hand types them: tokens left out, doubled, swapped, or something else in between.

python -m tests.support.mutations --texts 100000 --seed 0    # tries so many; stopped, it goes on where it was
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|\d+|\s+|.", re.DOTALL)
KINDS = ("delete", "double", "swap", "insert", "replace", "copy")
#: What may be put in: brackets, bars, scripts, commands, operators, names.
VOCABULARY = (
    *"()[]{}|_^\\,;:=~+-*/'!<>&%$ \n",
    *r"\| || \{ \} \frac \frac12 \log \exp \sum \sum_k \sum_{k=1}^K \prod_t \int \mathbb{E} \mathrm{KL} \mid".split(),
    *r"\sim \in \propto \ge \min \max_\theta \hat \tilde \nabla_x \sqrt \left( \right) \sigma \beta \infty".split(),
    *"E_ E_q KL[ H[ log exp max x y z z_k z_t z_{t-1} x_{1:t} p q p(x) p(z) q(z|x) D f(x) N(0,I) I 0 1 2.5 K".split(),
    *r"1e400 \bar\theta p_{data}(x) p(x|z=0) U(0,1) \epsilon \underbrace{x}_{\text{a}} \log_2 \det x' *".split(),
    *"𝔼 ‖ − ∑ ½ ² ₁ θ é \u200b \x00".split(" "),
)
BLOCK = re.compile(r"^```formula *\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: A kind of change, two places (counted round and round), and a word of the vocabulary.
Change = tuple[str, int, int, str]


def seeds() -> tuple[str, ...]:
    """What is changed: the golden cases, the broken inputs, the description of the language, the examples."""
    golden, broken = ([path.read_text("utf-8") for path in sorted((TESTS / each / "cases").glob("*.txt"))]
                      for each in ("golden", "bad"))  # fmt: skip
    described = BLOCK.findall((TESTS.parent / "docs" / "language.md").read_text("utf-8"))
    documents = [path.read_text("utf-8") for path in sorted((TESTS.parent / "examples").glob("*.tex"))]
    texts = [*golden, *documents, *(re.sub(r"\A% bindings:.*\n", "", each) for each in broken), *described]
    return tuple(dict.fromkeys(each.strip() for each in texts))


def changed(text: str, changes: Sequence[Change]) -> str:
    """The text after some changes, each to one token.

    >>> changed("log p(x|z)", [("delete", 4, 0, ""), ("insert", 0, 0, "[")])
    '[log p(|z)'
    """
    tokens = TOKEN.findall(text)
    for kind, first, second, word in changes:
        if not tokens:
            return word
        place, other = first % len(tokens), second % len(tokens)
        match kind:
            case "delete":
                del tokens[place]
            case "double":
                tokens.insert(place, tokens[place])
            case "swap":
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case "insert":
                tokens.insert(place, word)
            case "replace":
                tokens[place] = word
            case "copy":
                tokens.insert(place, tokens[other])
    return "".join(tokens)


if __name__ == "__main__":
    from tests.support.mutation_run import main

    raise SystemExit(main())
