"""What is allowed and probably not meant: each rule speaks where it should, and nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import formula2dgm as f2d
from formula2dgm.cli.main import main
from formula2dgm.lint.rules import RULES

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.tex"))
BLOCK = re.compile(r"```formula( fails)?\n(.*?)```", re.DOTALL)


def codes(formula: str | Path, **options: object) -> list[str]:
    return [each.code for each in f2d.check(formula, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_speaks_of_its_page_and_of_what_to_write_instead_not(rule: object) -> None:
    page = (ROOT / "docs" / "errors" / f"{rule.code}.md").read_text()  # type: ignore[attr-defined]
    blocks = [(bool(fails), text) for fails, text in BLOCK.findall(page)]
    assert [fails for fails, _ in blocks] == [True, False]
    (found,) = [each for each in f2d.check(blocks[0][1]) if each.code == rule.code]  # type: ignore[attr-defined]
    assert found.severity == rule.severity and found.span is not None and found.hint  # type: ignore[attr-defined]
    assert rule.code not in codes(blocks[1][1])  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_no_warning(path: Path) -> None:
    assert [str(each) for each in f2d.check(path) if each.severity == "warning"] == []


@pytest.mark.parametrize(
    "formula",
    [
        # the sleep phase draws from the model, and its divergence is from the model
        r"\min KL[p(x, z) \| q(z|x) p_{data}(x)]; p(x, z) = p(x|z) p(z)",
        # a forward and a reverse divergence of densities that nothing draws for a likelihood
        r"\min KL[p(z) \| q(z|x)] + KL[q(z|x) \| p(z)]",
        # another posterior whose samples are compared with the first one's
        r"\max E_{r(z|x)}[\log p(x|z) - \log r(z|x) + \log q(z|x)] - KL[q(z|x) \| p(z)]",
        # the aggregated posterior's divergence
        r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z) \| p(z)]",
        # an upper bound of the evidence
        r"\log p(x) \le \frac12 \log E_{q(z|x)}[(\frac{p(x, z)}{q(z|x)})^2]",
        # a negative bound that is minimised
        r"-\log p(x) \le KL[q(z|x) \| p(z)] - E_{q(z|x)}[\log p(x|z)]",
        # a draw that a definition reads
        r"\min E_{q(z|x)}[\|x - y\|^2]; y = f(z)",
        # its own density in one bracket, the model's in another
        r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|x)}[\log p(z)] - E_{q(z|x)}[\log q(z|x)]",
        # a capital for a drawn value
        r"\max E_{q(z|x)}[\log p(x|Z)] - KL[q(z|x) \| p(z)]",
        # x less 1, of a number that has no steps
        r"\min E_{p_{data}(x)}[\|f(x) - x - 1\|^2]",
        # the mean over entries of every term
        r"\max E_{q(z|x)}[\frac1D \sum_{i=1}^D \log p(x_i|z)] - \frac1D KL[q(z|x) \| p(z)]; D = 3",
        # a mean over the examples, beside a divergence that is not divided
        r"\max \frac1N \sum_{i=1}^N E_{q(z_i|x_i)}[\log p(x_i|z_i)] - KL[q(z_i|x_i) \| p(z_i)]",
        # a half in front of an error is no number of entries
        r"\min E_{q(z|x)}[\frac12 \|x - f(z)\|^2] + KL[q(z|x) \| p(z)]; x \in \mathbb{R}^2",
        # a mean over draws; weights that normalise themselves; a logarithm of the number of draws
        r"\max E_{z_{1:K} \sim q(z|x)}[\frac1K \sum_{k=1}^K \log p(x|z_k)] - KL[q(z|x) \| p(z)]; K = 3",
        r"\max E_{z_{1:K} \sim q(z|x)}[\sum_{k=1}^K \frac{w_k}{\sum_{j=1}^K w_j} \log w_k];"
        r" w_k = \frac{p(x|z_k) p(z_k)}{q(z_k|x)}; K = 3",
        r"\max E_{z_{1:K} \sim q(z|x)}[\log \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)} - \log K]; K = 3",
        # a label that the encoder reads, and one without a density
        r"\max E_{q(z|x,y)}[\log p(x|y,z) + \log p(y) + \log p(z) - \log q(z|x,y)]; y \in \{1, \dots, 4\}",
        r"\max E_{q(z|x)}[\log p(x|z,y)] - KL[q(z|x) \| p(z)]",
        # one divergence more than the bound has
        r"\max E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)] - \beta KL[q(z|x) \| p(z)]; \beta = 2",
        # a code that is kept near a prior, beside its reconstruction
        r"\min \|x - g(f(x))\|^2 - \log p(f(x)); p(z) = \mathcal{N}(z; 0, I); x \in \mathbb{R}^3",
        # a lower bound that is said to be one, from both sides
        r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)] \le \log p(x)",
        r"-\log p(x) \le E_{q(z|x)}[\log q(z|x) - \log p(x|z) - \log p(z)]",
        # two encoders of two modalities
        r"\max E_{q(z|x)}[\log p(x|z) + \log p(y|z)] + E_{q(z|y)}[\log p(x|z) + \log p(y|z)]",
    ],
)
def test_a_neighbour_has_no_warning(formula: str) -> None:
    found = f2d.check(formula, dims={"x": 3, "y": 3, "z": 2})
    assert [str(each) for each in found if each.severity in ("warning", "error") and each.code > "F2D-0900"] == []


def test_a_fix_is_what_an_editor_writes() -> None:
    text = r"\max \sum_{t=2}^T \log p(x_t|x_t-1)"
    (found,) = [each for each in f2d.check(text) if each.fix is not None]
    assert found.fix is not None
    fixed = text[: found.fix.span.start] + found.fix.text + text[found.fix.span.end :]
    assert codes(fixed) == []


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        (
            r"\log p(x) \leq E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]",
            r"\log p(x) \geq E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]",
        ),
        (
            "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)] >= log p(x)",
            "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)] <= log p(x)",
        ),
        (
            "\N{MINUS SIGN}log p(x) ≥ KL[q(z|x) ‖ p(z)] \N{MINUS SIGN} 𝔼_{q(z|x)}[log p(x|z)]",
            "\N{MINUS SIGN}log p(x) ≤ KL[q(z|x) ‖ p(z)] \N{MINUS SIGN} 𝔼_{q(z|x)}[log p(x|z)]",
        ),
        (
            r"\max E_{z_{1:K} \sim q(z|x)}[\sum_{k=1}^K \log p(x|z_k)] - KL[q(z|x) \| p(z)]; K = 5",
            r"\max E_{z_{1:K} \sim q(z|x)}[\frac{1}{K} \sum_{k=1}^K \log p(x|z_k)] - KL[q(z|x) \| p(z)]; K = 5",
        ),
        (
            "max E_{z_{1:K} ~ q(z|x)}[log sum_{k=1}^K p(x|z_k) p(z_k) / q(z_k|x)]; K = 5",
            "max E_{z_{1:K} ~ q(z|x)}[log 1/K sum_{k=1}^K p(x|z_k) p(z_k) / q(z_k|x)]; K = 5",
        ),
        (r"\min \sum_{t=2}^T \|x_t - f(x_t-1)\|^2", r"\min \sum_{t=2}^T \|x_t - f(x_{t - 1})\|^2"),
    ],
)
def test_what_a_fix_makes_has_no_warning(text: str, fixed: str) -> None:
    (found,) = [each for each in f2d.check(text) if each.fix is not None]
    assert found.fix is not None
    made = text[: found.fix.span.start] + found.fix.text + text[found.fix.span.end :]
    assert made == fixed
    assert [str(each) for each in f2d.check(made) if each.severity != "note"] == []


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        # every network, not only one beside others
        (r"\min E_{q(z|x)}[\|x - sg(f(z))\|^2]", "F2D-0908"),
        # through equalities of a chain
        (
            r"\log p(x) = \log E_{q(z|x)}[\frac{p(x, z)}{q(z|x)}] \le E_{q(z|x)}[\log \frac{p(x, z)}{q(z|x)}];"
            r" p(x, z) = p(x|z) p(z)",
            "F2D-0902",
        ),
        (
            r"\log p(x) \le E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}]; K = 5",
            "F2D-0902",
        ),
        # the determinant's sign, of a declared function too
        (r"\max \log p(z) - \log|\det \frac{\partial z}{\partial x}|; z = f(x)", "F2D-0915"),
        # a divergence that is averaged over its entries
        (
            r"\max E_{q(z|x)}[\log p(x|z)] - \frac1d \sum_{j=1}^d KL[q(z_j|x) \| p(z_j)]; d = 5",
            "F2D-0911",
        ),
    ],
)
def test_other_forms_of_a_mistake_are_found(formula: str, code: str) -> None:
    found = [each for each in f2d.check(formula) if each.code == code]
    assert found and all(each.span is not None and each.hint for each in found)


def test_scores_of_one_sign_are_no_divergence() -> None:
    r"""``\log q + \log p`` at draws of q is a mistake, and no KL that has a closed form."""
    assert codes(r"\max E_{q(z|x)}[\log p(x|z) + \log p(z) + \log q(z|x)]") == ["F2D-0914"]


def test_codes_are_ignored_by_the_call_or_beside_their_place(tmp_path: Path) -> None:
    wrong = r"\max E_{q(z|x)}[\log p(x|z)] - KL[p(z) \| q(z|x)]"
    assert codes(wrong) == ["F2D-0901"]
    assert codes(wrong, ignore=["f2d-0901"]) == []
    assert codes(wrong, ignore="F2D-0902") == ["F2D-0901"]
    file = tmp_path / "model.tex"
    for comment, expected in (
        ("", ["F2D-0901"]),
        ("% f2d: ignore F2D-0901", []),
        ("% f2d: ignore F2D-0902", ["F2D-0901"]),
        ("% f2d: ignore F2D-0902, F2D-0901", []),
        ("% f2d: ignore", []),
    ):
        file.write_text(f"\\begin{{equation}} {comment}\n{wrong}\n\\end{{equation}}\n")
        assert codes(file) == expected, comment


def test_an_error_cannot_be_ignored() -> None:
    assert codes(r"\max E_{q(z|x)}[\log p(x|z)", ignore=["F2D-0103"]) == ["F2D-0103"]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.txt"
    file.write_text("max sum_{t=2}^T log p(x_t|x_t-1)\n")
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == "0 errors, 1 warning\n"
    assert main(["check", str(file), "--strict"]) == 1
    assert main(["check", str(file), "--strict", "--ignore", "F2D-0907,F2D-0905"]) == 0
    capsys.readouterr()
    assert main(["check", str(file), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["severity"], found["page"]) == ("F2D-0905", "warning", "docs/errors/F2D-0905.md")
    assert found["fix"] == {"range": found["range"], "text": "x_{t - 1}"}


def test_checking_needs_no_torch() -> None:
    program = (
        "import sys, formula2dgm as f2d; f2d.check('log p(x|z) - KL[q(z|x) || p(z)]'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (r"\log p(x|z) - \frac{q(z|x)}{p(z)}", True),
        (r"\log p(x|z) - \beta \frac{q(z|x)}{p(z)}", True),
        ("log p(x|z) + p(z) / q(z|x)", True),
        (r"\log p(x|z) - \log \frac{q(z|x)}{p(z)}", False),
        (r"\frac{p(z)}{q(z|x)} \log p(x|z)", False),  # an importance weight
        (r"1 - \frac{p(z)}{q(z|x)} + \log \frac{p(z)}{q(z|x)}", False),  # an estimate of the divergence
        (r"\|x - f(z)\|^2 + \frac{p(z)}{q(z|x)}", False),  # no logarithm beside it
    ],
)
def test_a_ratio_beside_logarithms(body: str, says: bool) -> None:
    assert ("F2D-0528" in codes(rf"\max E_{{q(z|x)}}[{body}]")) is says


@pytest.mark.parametrize("recurrence", ["z_t = g(z_{t-1})", "z_{t-1} = g(z_t)"])
def test_a_recurrence_of_which_the_start_alone_is_read(recurrence: str) -> None:
    """Nothing takes a step: only the draw has the name of the state."""
    found = f2d.check(rf"\max E_{{q(z_0|x)}}[\log p(x|z_0)]; {recurrence}; T = 3")
    assert ("F2D-0904", "z is defined at every step, and nothing reads it") in [(e.code, e.message) for e in found]
