"""``--networks``: a file of the user's that may hold anything."""

from __future__ import annotations

from pathlib import Path

import pytest

FIXED = "import formula2dgm as f2d\nfrom torch import nn\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("x = (", "F2D-0804", "nets.py:1 does not run: SyntaxError"),
        ("a = 1\nb = 1 / 0", "F2D-0804", "nets.py:2 does not run: ZeroDivisionError: division by zero"),
        ("import no_such_module", "F2D-0804", "nets.py:1 does not run: ModuleNotFoundError"),
        ("raise SystemExit(3)", "F2D-0804", "nets.py:1 does not run: SystemExit: 3"),
        ("encoder = 3", "F2D-0804", "nets.py has no dict named bindings"),
        ("bindings = [1]", "F2D-0804", "nets.py has no dict named bindings"),
        ("bindings = {3: 4}", "F2D-0707", "a key"),
        ("bindings = {'q(z|x)': 'text'}", "F2D-0707", "a str cannot be bound"),
        ("bindings = {'q(z|x': 4}", "F2D-0103", "never closed"),
        (FIXED + "bindings = {'q(z|x)': nn.Linear(2, 2)}", "F2D-0703", "is a density"),
        (FIXED + "bindings = {'q': f2d.Normal(loc=0.0, scale=1.0)}", "F2D-0701", "a distribution is bound"),
        (FIXED + "bindings = {'q(z|x)': f2d.Normal(loc=0.0)}", "F2D-0704", "exactly one of them"),
        (FIXED + "bindings = {'q(z|x)': f2d.Normal(mean=0.0)}", "F2D-0804", "TypeError: Normal has no parameter mean"),
    ],
)
def test_a_bad_file_is_refused(run, text: str, code: str, said: str) -> None:
    Path("nets.py").write_text(text, encoding="utf-8")
    ran = run("compile", "model.txt", "--networks", "nets.py", "--dim", "z=3")
    assert ran.status in (1, 2) and ran.out == ""
    assert f"error[{code}]" in ran.err and said in ran.err and "Traceback" not in ran.err


def test_no_file(run) -> None:
    assert "error[F2D-0801]: there is no file absent.py" in run("compile", "model.txt", "--networks", "absent.py").err
    assert "error[F2D-0801]: . is a folder" in run("compile", "model.txt", "--networks", ".").err


def test_a_name_that_cannot_be_imported(run) -> None:
    Path("my-nets.py").write_text("bindings = {}", encoding="utf-8")
    ran = run("compile", "model.txt", "--networks", "my-nets.py")
    assert ran.status == 2 and "error[F2D-0804]: my-nets.py cannot be imported" in ran.err


def test_any_suffix(run) -> None:
    Path("nets.txt").write_bytes(Path("nets.py").read_bytes())
    assert run("explain", "model.txt", "--networks", "nets.txt").status == 0


def test_a_network_without_a_name(run) -> None:
    Path("nets.py").write_text(FIXED + "bindings = {'p(x|z)': f2d.Bernoulli(nn.Linear(16, 8))}", encoding="utf-8")
    ran = run("compile", "model.txt", "--networks", "nets.py")
    assert ran.status == 2 and "error[F2D-0805]: what nets.py binds to p(x|z) has no name there" in ran.err
    assert run("compile", "model.txt", "--networks", "nets.py", "--target", "module").status == 0


def test_what_stands_beside_it_can_be_imported(run) -> None:
    Path("layers.py").write_text("from torch import nn\nbody = nn.Linear(16, 8)", encoding="utf-8")
    text = FIXED + "from layers import body\nbindings = {'p(x|z)': f2d.Bernoulli(body)}"
    Path("nets.py").write_text(text, encoding="utf-8")
    assert run("explain", "model.txt", "--networks", "nets.py").status == 0
