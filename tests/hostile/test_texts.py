"""Texts made to hurt: each ends in a result or a located error, soon and in little memory.

A process of its own reads each group, with limits of processor time and of memory that the system keeps, so that a
text that would hang or fill the memory ends the process and fails the test.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Seconds of processor time for one text: two, and as many again for a machine that others use.
SECONDS = 4.0
MEMORY = 6 * 2**30
DEEP = 10_000
BOUND = r"\mathbb{E}_{q(z|x)}[\log p(x|z)] - %s \mathrm{KL}[q(z|x)\|p(z)]" + "\n" + r"x \in \mathbb{R}^6"

MACROS = {
    "a chain that doubles": "".join(rf"\def\{chr(97 + i)}{{\{chr(98 + i)}\{chr(98 + i)}}}" for i in range(24)) + r"\a",
    "a macro of itself": r"\def\a{\a\a} \a",
    "arguments that double": r"\newcommand{\a}[1]{#1#1}" + r"\a{" * 40 + "x" + "}" * 40,
}
LONG = {
    "a megabyte of terms": "log p(x) + " * 90_000 + "log p(x)",
    "a megabyte of one letter": "x" * 1_000_000,
    "a megabyte of digits": "1" * 1_000_000,
    "a hundred thousand digits": "log p(x) + " + "1" * 100_000,
    "spaces": "log p(x)" + " " * 190_000,
    "thousands of terms": " + ".join(f"log p_{{{i}}}(x)" for i in range(2_000)),
    "equal signs": "x = " * 2_000 + "y",
    "minus signs": "-" * DEEP + "log p(x)",
}
NESTED = {
    "round brackets": "(" * DEEP + "x" + ")" * DEEP,
    "brackets that only open": "(" * DEEP,
    "brackets that only close": ")" * DEEP,
    "braces": "{" * DEEP + "x" + "}" * DEEP,
    "fractions": r"\frac{" * DEEP + "x" + "}{2}" * DEEP,
    "fractions without braces": r"\frac" * DEEP,
    "roots": r"\sqrt{" * DEEP + "x" + "}" * DEEP,
    "sums": r"\sum_{i=1}^{3}" * DEEP + "x_i",
    "subscripts": "x" + "_{x" * DEEP + "}" * DEEP,
    "powers": "x" + "^{2" * DEEP + "}" * DEEP,
    "accents": r"\hat" * DEEP + "x",
    "primes": "x" + "'" * DEEP,
    "bars": "|" * DEEP,
    "logarithms": "log " * DEEP + "x",
    "texts": r"\text{" * DEEP + "x" + "}" * DEEP,
    "environments": r"\begin{align}" * DEEP,
}
CHARACTERS = {
    "a null": "log p(x)\x00 + log p(\x00x)",
    "a direction turned": "log p(\u202ex\u202c) \u200f+ log\u200e p(x)",
    "no width": "lo\u200bg p(x\u200d) + \ufeff log p(x)",
    "half a character": "log p(\ud800)",
    "an escape": "log p(x) + \x1b[31m",
    "a tag": "log p(x\U000e0041)",
    "many marks": "x" + "\u0301" * DEEP,
}
NUMBERS = {
    each: BOUND % each
    for each in (
        *("1e999", "10^{10^{10}}", "2^{1000000000}", "2^{100}", r"\exp(1000)", r"\exp(\exp(\exp(100)))", "0^{-1}"),
        *("(-1)^{0.5}", r"\frac{1}{0}", r"\log 0", r"\sqrt{-1}", "9" * 300, f"{'9' * 300}^{{999}}", "1e308 * 10"),
    )
} | {
    "a sum to a trillion": r"\sum_{i=1}^{10^{12}} \mathbb{E}_{q(z|x)}[\log p(x|z)]",
    "a billion samples": r"\mathbb{E}_{z_1,\dots,z_K \sim q(z|x)}[\log \frac{1}{K}\sum_{k=1}^{K} "
    r"\frac{p(x,z_k)}{q(z_k|x)}]; K = 1000000000; x \in \mathbb{R}^6",
    "a billion steps": r"\sum_{t=1}^{T} \mathbb{E}_{q(z_t|x_t)}[\log p(x_t|z_t)]; T = 1000000000; x_t \in \mathbb{R}^6",
    "a billion classes": BOUND % r"\beta" + r"; y \in \{1,\dots,1000000000\}; \log p(y)",
    "a trillion entries": BOUND.replace("^6", "^{1000000000000}") % "2",
    "a billion functions": r"f_{1000000000} \circ \dots \circ f_1(x)",
    "no entry": BOUND.replace("^6", "^0") % "2",
}
GROUPS = {
    "macros": MACROS, "long": LONG, "nested": NESTED, "characters": CHARACTERS, "numbers": NUMBERS,
}  # fmt: skip

READ = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import torch
import formula2dgm as f2d
from tests.support.answers import located
f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]; x in R^6", scaffold=True)
for name, text in json.load(sys.stdin):
    start = time.process_time()
    try:
        objective = f2d.compile(text, scaffold=True)
        out = objective(**objective.example_batch(2), **({"player": objective.players[0]} if objective.players else {}))
        outcome = "computes" if not out.loss.is_complex() else "a complex loss"
    except f2d.FormulaError as error:
        said = [each for each in error.diagnostics if not each.code.startswith(("F2D-06", "F2D-07"))]
        outcome = "refused" if not said or located(text, said) else "no error"
    print(json.dumps([name, outcome, round(time.process_time() - start, 2)]), flush=True)
"""


def limited() -> None:
    """The limits that the system keeps for a process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))


def started(script: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """The script, run to its end within the limits."""
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, input=given, text=True, capture_output=True, preexec_fn=limited,
                          env=environment, check=False)  # fmt: skip


@pytest.mark.parametrize("group", GROUPS)
def test_a_hostile_text_ends_soon(group: str) -> None:
    texts = list(GROUPS[group].items())
    process = started(READ, json.dumps(texts))
    ended = [json.loads(line) for line in process.stdout.splitlines()]
    waiting = [name for name, _ in texts[len(ended) :]]
    assert process.returncode == 0, f"{waiting[:1]} ended the process: {process.stderr[-2000:]}"
    assert {outcome for _, outcome, _ in ended} <= {"computes", "refused"}, ended
    assert not [each for each in ended if each[2] > SECONDS]


def test_the_process_is_ended_by_its_limits() -> None:
    asked = "import torch; torch.zeros(2**40)"
    process = started(asked)
    assert process.returncode != 0 and "memory" in process.stderr
