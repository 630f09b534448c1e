"""Where one statement ends and the next begins."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse

SPLIT = [
    ("z ~ N(0, I)\nx = G(z)", ["z ~ N(0, I)", "x = G(z)"]),
    ("a = b; c = d", ["a = b", "c = d"]),
    ("E_q[x]\n- KL[q || p]", ["E_q[x] - KL[q || p]"]),
    ("L = a +\n  b", ["L = a + b"]),
    ("log p(x)\n>= L", ["log p(x) >= L"]),
    ("E_q[\n  log p(x|z)\n]", ["E_q[log p(x|z)]"]),
    ("a = 1, b = 2", ["a = 1", "b = 2"]),
    ("# a model\nz ~ p(z)  % the prior", ["z ~ p(z)"]),
    ("phi: E_q[x]; theta, psi: y", ["phi: E_q[x]", "theta, psi: y"]),
    ("x = f(z) where z ~ p(z)", ["x = f(z)", "z ~ p(z)"]),
    (r"a &= b \\ &\quad + c \\ d &= e", ["a = b + c", "d = e"]),
    (r"\begin{aligned} a &= b \\ &\ge c \end{aligned}", ["a = b >= c"]),
    (r"x = a, \qquad y = b \text{ and } z \sim p.", ["x = a", "y = b", "z ~ p"]),
    (r"\beta = 4" "\n" r"\mathbb{E}_q[x] - \beta y", ["beta = 4", "E_q[x] - beta y"]),
    (r"L = \mathbb{E}_{q}" "\n" r"\left\|" "\n" r"x \right\|", ["L = E_q ||x||"]),
    (r"\min_x f(x) \\ \max_y g(y)", ["min_x f(x)", "max_y g(y)"]),
    (r"\text{prior: } p(z) \\ \text{decoder: } p(x|z)", ["p(z)", "p(x|z)"]),
    (r"\mathcal{L} = x.", ["calL = x"]),
    (r"-\mathbb{E}_q[\log p(x|z)],\ z = e(x)", ["-E_q[log p(x|z)]", "z = e(x)"]),
    (r"\min_\theta -\log p(x), \quad \max_D \log D(x)", ["min_theta -log p(x)", "max_D log D(x)"]),
    ("h, c = f(x)", ["(h, c) = f(x)"]),
]


@pytest.mark.parametrize(("text", "statements"), SPLIT)
def test_statements_of_a_text(text: str, statements: list[str]) -> None:
    read, diagnostics = parse(text)
    assert diagnostics == []
    assert [str(each) for each in read] == statements


def test_reading_goes_on_after_an_error() -> None:
    read, diagnostics = parse("a = (b\nc = d\ne = f]\ng = + * h\nz ~ p(z)")
    assert [str(each) for each in read] == ["c = d", "z ~ p(z)"]
    assert [(each.code, each.span.text) for each in diagnostics if each.span] == [
        ("F2D-0103", "("),
        ("F2D-0104", "]"),
        ("F2D-0106", "+ *"),
    ]


def test_spans_are_the_users_own_text() -> None:
    text = r"\mathbb{E}_{q(z|x)}\left[\log p(x \mid z)\right] - \beta\,\mathrm{KL}(q(z|x) \| p(z))"
    (statement,), _ = parse(text)
    texts = {node.span.text for node in statement.walk()}
    assert text in texts
    assert {r"\log p(x \mid z)", r"p(x \mid z)", r"\mathrm{KL}(q(z|x) \| p(z))", r"\beta", "q(z|x)"} <= texts
