"""``formula2dgm check``: the findings, where they go, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = ("torch", "sympy", "networkx", "numpy")


def test_nothing_wrong(run) -> None:
    assert run("check", "model.txt") == (0, "0 errors, 0 warnings\n", "")


def test_errors_go_to_standard_error(run) -> None:
    Path("bad.txt").write_text("E_q(z|x)[log p(x|z)\n", encoding="utf-8")
    ran = run("check", "bad.txt")
    assert ran.status == 1 and ran.out == "1 error, 0 warnings\n"
    assert "error[F2D-0103]" in ran.err and "--> bad.txt:1:9" in ran.err and "^" in ran.err


def test_a_warning_is_no_error(run) -> None:
    Path("warned.txt").write_text(r"\max E_q(z|x)[-log p(x|z)] + KL[q(z|x) || p(z)]", encoding="utf-8")
    ran = run("check", "warned.txt")
    assert ran.status == 0 and ran.out == "0 errors, 1 warning\n" and "warning[F2D-0503]" in ran.err


def test_the_place_is_in_the_file_that_holds_it(run) -> None:
    Path("wrong.tex").write_text("% a comment\n\n\\[ \\log p(x|z \\]\n", encoding="utf-8")
    ran = run("check", "paper.tex", "wrong.tex")
    assert ran.status == 1 and "--> wrong.tex:3:" in ran.err


def test_json(run) -> None:
    Path("bad.txt").write_text("log p(x|z) - KL[q(z|x) || p(z)]", encoding="utf-8")
    ran = run("check", "bad.txt", "--json")
    found = json.loads(ran.out)["diagnostics"]
    assert ran.status == 1 and ran.err == ""
    assert found[0]["code"] == "F2D-0205" and found[0]["severity"] == "error" and found[0]["hint"]
    assert found[0]["range"] == {"source": "bad.txt", "start": 8, "end": 9, "from": [1, 9], "to": [1, 10]}
    assert json.loads(run("check", "model.txt", "--json").out) == {"diagnostics": []}


def test_json_of_an_error_of_another_command(run) -> None:
    ran = run("compile", "nothing.txt", "--json")
    assert ran.status == 2 and json.loads(ran.out)["diagnostics"][0]["code"] == "F2D-0801"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("model.txt", "--set", "bta=4"), "F2D-0803"),
        (("model.txt", "--set", "beta"), "F2D-0802"),
        (("model.txt", "--set", "=4"), "F2D-0802"),
        (("model.txt", "--set", "beta=four"), "F2D-0802"),
        (("model.txt", "--set", "beta=nan"), "F2D-0802"),
        (("model.txt", "--set", "beta=1e999"), "F2D-0802"),
        (("model.txt", "--dim", "z=2.5"), "F2D-0802"),
        (("model.txt", "--dim", "z=0"), "F2D-0802"),
        (("model.txt", "--dim", "z=-3"), "F2D-0802"),
        (("model.txt", "--samples", "0"), "F2D-0708"),
        (("nothing.txt",), "F2D-0801"),
        ((".",), "F2D-0801"),
        (("binary.tex",), "F2D-0801"),
    ],
)
@pytest.mark.parametrize("command", ["check", "compile", "train", "explain", "show"])
def test_wrong_usage_is_one_line_and_status_2(run, command: str, arguments: tuple[str, ...], code: str) -> None:
    Path("binary.tex").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    ran = run(command, *arguments, *(("--as", "ir") if command == "show" else ()))
    assert ran.status == 2 and ran.err.startswith(f"error[{code}]: ")
    assert len(ran.err.strip().split("\n")) <= 2 and "Traceback" not in ran.err
    assert not Path("runs").exists()


def test_argparse_refuses_with_status_2(run) -> None:
    for arguments in ((), ("check",), ("check", "model.txt", "--colour"), ("nonsense",), ("show", "x", "--as", "gif")):
        ran = run(*arguments)
        assert ran.status == 2 and ran.err.startswith("usage: formula2dgm")


@pytest.mark.parametrize("text", [b"", b"\n", b"% only a comment\n", b"\x00", "é‖∑".encode()])
def test_strange_input_is_refused_with_a_place(run, stdin: Callable[[bytes], None], text: bytes) -> None:
    stdin(text)
    ran = run("check", "-")
    assert ran.status == 1 and "--> <stdin>:" in ran.err


def test_input_that_is_no_text(run, stdin: Callable[[bytes], None]) -> None:
    stdin(b"\xff\xfe\x00")
    assert run("check", "-") == (2, "", "error[F2D-0801]: standard input is not UTF-8 text\n")


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("check", "--help"), ("check", "model.txt")])
def test_imports_nothing_heavy(run, arguments: tuple[str, ...]) -> None:
    """An editor runs ``check`` on every change: no torch, nothing that takes a second to import."""
    program = f"""
import sys
from formula2dgm.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"


def test_a_saturating_player_may_be_exchanged(run) -> None:
    formula = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]"
    Path("gan.txt").write_text(formula, encoding="utf-8")
    sizes = ("--dim", "x=4", "--dim", "z=2")
    assert "non-saturating" not in run("explain", "gan.txt", *sizes).out
    assert "maximises" in run("explain", "gan.txt", "--non-saturating", *sizes).out
