"""The tree of each construct, written out by hand."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse_one
from formula2dgm.syntax.tree import Node
from tests.unit.syntax.trees import a, b, c, call, k, make, num, one, p, q, sym, t, x, y, z

q_of_z = call("q", z, given=(x,))
p_of_x = call("p", x, given=(z,))
f_x = call("f", x)
dots = make("Ellipsis")


def prefix(name: str, operand: Node, *sub: Node) -> Node:
    return make("Prefix", name, operand, sub)


def mul(*factors: Node, ops: tuple[str, ...] | None = None) -> Node:
    return make("Mul", factors, ("",) * (len(factors) - 1) if ops is None else ops)


def neg(body: Node) -> Node:
    return make("Neg", body)


def add(*terms: Node) -> Node:
    return make("Add", terms)


def div(above: Node, below: Node) -> Node:
    return make("Div", above, below)


def power(base: Node, exponent: Node) -> Node:
    return make("Power", base, exponent)


NAMES = {
    "z1": sym("z", one),
    "z_1": sym("z", one),
    "encoder": sym("encoder"),
    "theta": sym("theta"),
    "eps": sym("eps"),
    "epsilon": sym("epsilon"),
    r"\varepsilon": sym("epsilon"),
    "x_hat": sym("x", accents=("hat",)),
    r"\hat{x}": sym("x", accents=("hat",)),
    "alpha_bar_t": sym("alpha", t, accents=("bar",)),
    r"\bar\alpha_t": sym("alpha", t, accents=("bar",)),
    "x_prime": sym("x", accents=("prime",)),
    "x'": sym("x", accents=("prime",)),
    r"\mathbf{x}": x,
    r"\mathcal{D}": sym("D", style="cal"),
    "calD": sym("D", style="cal"),
    r"\mathbb{P}_r": sym("P", sym("r"), style="bb"),
    r"\mathcal{N}": sym("Normal"),
    r"\mathcal{U}": sym("Uniform"),
    "p_data": sym("p", sym("data")),
    r"p_{\text{data}}": sym("p", sym("data")),
    r"p_{\mathrm{data}}": sym("p", sym("data")),
    r"p_{\theta,\phi}": sym("p", sym("theta"), sym("phi")),
    "z_{t-1}": sym("z", add(t, neg(one))),
    "x_{1:T}": sym("x", make("Range", one, sym("T"))),
    "x_1:T": sym("x", make("Range", one, sym("T"))),
    "x_{<t}": sym("x", make("OpenRange", "<", t)),
    r"x_{\le t}": sym("x", make("OpenRange", "<=", t)),
    "z_{m,1:K}": sym("z", sym("m"), make("Range", one, sym("K"))),
    "x^{(i)}": sym("x", sup=(sym("i"),)),
    "p^*": sym("p", sup=(sym("star"),)),
    r"\theta^-": sym("theta", sup=(sym("minus"),)),
    "q^{IS}": sym("q", sup=(sym("IS"),)),
    r"J^{(D)}": sym("J", sup=(sym("D"),)),
}

POWERS = {
    "x^2": power(x, num("2")),
    r"\sigma^2_\phi": power(sym("sigma", sym("phi")), num("2")),
    "x^T": power(x, sym("top")),
    r"x^\top": power(x, sym("top")),
    "e^T": power(sym("e"), sym("T")),
    "e^{f(x)}": power(sym("e"), f_x),
    "f^{-1}(x)": call(power(sym("f"), neg(one)), x),
    "(a + b)^2": power(add(a, b), num("2")),
    "||x||_2^2": power(make("Norm", x, num("2")), num("2")),
    "||x||^2_2": power(make("Norm", x, num("2")), num("2")),
}

CALLS = {
    "p(x|z)": p_of_x,
    "p(x, y | z; w)": call("p", x, y, given=(z,), params=(sym("w"),)),
    r"q(\cdot|x)": call("q", make("Blank"), given=(x,)),
    "p(x|z=0)": call("p", x, given=(make("Binds", z, num("0")),)),
    r"\beta(x - y)": call("beta", add(x, neg(y))),
    "f(x) g(y)": mul(f_x, call("g", y)),
    "(a)(b)": mul(a, b),
    "f(x)(a + b)": mul(f_x, add(a, b)),
    "f[x]": f_x,
    r"U\{1,T\}": call("U", make("SetOf", (one, sym("T")))),
    "max(a, b)": make("Func", "max", (a, b)),
    "ln(x)": make("Func", "log", (x,)),
    r"\mathrm{sg}[x]": make("Func", "sg", (x,)),
    r"\mathcal{H}(q)": make("Func", "H", (q,)),
    r"\nabla_x f(x)": prefix("grad", f_x, x),
    r"\nabla_x (f(x))": make("Func", "grad", (f_x,), (x,)),
    r"\sqrt{x}": make("Sqrt", x),
    "sqrt(x)": make("Sqrt", x),
}

PRODUCTS = {
    "a b c": mul(a, b, c),
    "a * b c": mul(a, b, c, ops=("*", "")),
    r"a \odot b": mul(a, b, ops=("odot",)),
    r"a \cdot b \times c": mul(a, b, c, ops=("dot", "times")),
    "a b / c": div(mul(a, b), c),
    "a / b / c": div(div(a, b), c),
    "a / b * c": mul(div(a, b), c, ops=("*",)),
    "1/2 x": mul(div(one, num("2")), x),
    r"\frac12 x": mul(div(one, num("2")), x),
    r"\frac{a}{b} c": mul(div(a, b), c),
    "log p(x|z) p(z)": prefix("log", mul(p_of_x, call("p", z))),
    "log p(x, z)/q(z|x)": prefix("log", div(call("p", x, z), q_of_z)),
    "log p(x|z) p(z)/q(z|x)": prefix("log", div(mul(p_of_x, call("p", z)), q_of_z)),
    "log a * b": mul(prefix("log", a), b, ops=("*",)),
    "a log b": mul(a, prefix("log", b)),
    "-log a + b": add(neg(prefix("log", a)), b),
}

OPERATORS = {
    "sum_{t=1}^T x": make("Big", "sum", (make("Binds", t, one),), sym("T"), x, True),
    "sum_t a b": make("Big", "sum", (t,), None, mul(a, b), True),
    "sum_t (a + b)": make("Big", "sum", (t,), None, add(a, b), False),
    "sum_t (a + b) c": make("Big", "sum", (t,), None, mul(add(a, b), c), True),
    "sum_t a + b": add(make("Big", "sum", (t,), None, a, True), b),
    "1/K sum_k x": mul(div(one, sym("K")), make("Big", "sum", (k,), None, x, True)),
    r"\sum_t -x": make("Big", "sum", (t,), None, neg(x), True),
    "E_q(z|x)[x]": make("Expect", (q_of_z,), x),
    "E_{z ~ q(z|x)}[x]": make("Expect", (make("Draws", (z,), q_of_z),), x),
    "E_z~q(z|x)[x]": make("Expect", (make("Draws", (z,), q_of_z),), x),
    "E_{q(z1|x) q(z2|z1)}[x]": make(
        "Expect",
        (call("q", sym("z", one), given=(x,)), call("q", sym("z", num("2")), given=(sym("z", one),))),
        x,
    ),
    r"\mathbb{E}_{z_1, \dots, z_K \sim q}[x]": make(
        "Expect", (make("Draws", (sym("z", one), dots, sym("z", sym("K"))), q),), x
    ),
    r"\mathbb{E}_{t, x \sim p(x)}[x]": make("Expect", (t, make("Draws", (x,), call("p", x))), x),
    r"\mathbb{E}_{(x,y) \sim \mathcal{D}}[x]": make("Expect", (make("Draws", (x, y), sym("D", style="cal")),), x),
    r"\underset{x\sim p}{\mathbb{E}}[x]": make("Expect", (make("Draws", (x,), p),), x),
    r"\langle x \rangle_q": make("Expect", (q,), x),
    r"\mathbb{E}_q \log p(x|z)": make("Expect", (q,), prefix("log", p_of_x), True),
    r"\mathbb{E}_p \mathbb{E}_q x + y": add(make("Expect", (p,), make("Expect", (q,), x, True), True), y),
    r"\mathbb{E}_q (a + b)^2": make("Expect", (q,), power(add(a, b), num("2"))),
    "E_theta(x)": call(sym("E", sym("theta")), x),
    "KL(q, p)": make("Divergence", "KL", q, p),
    r"D_{\mathrm{KL}}\left(q \,\middle\|\, p\right)": make("Divergence", "KL", q, p),
    "D_alpha[q || p]": make("Divergence", "D", q, p, (sym("alpha"),)),
    "W_2^2(q, p)": power(make("Divergence", "W", q, p, (num("2"),)), num("2")),
    "W(z)": call("W", z),
    "int p(x|z) p(z) dz": make("Integral", mul(p_of_x, call("p", z)), (z,)),
    r"\int_0^1 x \, \mathrm{d}t": make("Integral", x, (t,), num("0"), one),
    r"\underbrace{x}_{\text{rate}}": make("Labelled", x, "rate"),
    'underbrace(x, "rate")': make("Labelled", x, "rate"),
    r"a \underbrace{-b}_{L_0}": add(a, make("Labelled", neg(b), "L_0")),
}

BARS = {
    "|x|": make("Abs", x),
    "a |x|": mul(a, make("Abs", x)),
    "|x||y|": mul(make("Abs", x), make("Abs", y)),
    r"\lvert \det a \rvert": make("Abs", prefix("det", a)),
    "f(x, |y|)": call("f", x, make("Abs", y)),
    "f(|x| | y)": call("f", make("Abs", x), given=(y,)),
    "||x - y||": make("Norm", add(x, neg(y))),
    r"\|x\| + \Vert y \Vert": add(make("Norm", x), make("Norm", y)),
    "KL[||x|| || p]": make("Divergence", "KL", make("Norm", x), p),
}

STATEMENTS = {
    "z ~ N(0, I)": make("Chain", (z, call("N", num("0"), sym("I"))), ("~",)),
    r"z \in \mathbb{R}^{16}": make("Chain", (z, power(sym("R", style="bb"), num("16"))), ("in",)),
    "z in R^16": make("Chain", (z, power(sym("R", style="bb"), num("16"))), ("in",)),
    r"x \in \{0,1\}^{64}": make("Chain", (x, power(make("SetOf", (num("0"), one)), num("64"))), ("in",)),
    "x in [0, 1]": make("Chain", (x, make("Interval", num("0"), one)), ("in",)),
    "a = b >= c": make("Chain", (a, b, c), ("=", ">=")),
    r"a \approx b \propto c": make("Chain", (a, b, c), ("~=", "propto")),
    "max_a x = b": make("Optimise", "max", (a,), make("Chain", (x, b), ("=",))),
    "min_a max_b x": make("Optimise", "min", (a,), make("Optimise", "max", (b,), x)),
    "a = argmin_b x + y": make("Chain", (a, make("Optimise", "argmin", (b,), add(x, y))), ("=",)),
    "argmin_a x = argmin_a y": make(
        "Chain", (make("Optimise", "argmin", (a,), x), make("Optimise", "argmin", (a,), y)), ("=",)
    ),
    r"x \rightarrow \max_a": make("Optimise", "max", (a,), x),
    r"x \mid z \sim p": make("Chain", (make("Relates", x, "|", z), p), ("~",)),
    "z_1, ..., z_K ~ q": make("Chain", (make("Tuple", (sym("z", one), dots, sym("z", sym("K")))), q), ("~",)),
}

ALL = NAMES | POWERS | CALLS | PRODUCTS | OPERATORS | BARS | STATEMENTS


@pytest.mark.parametrize("text", ALL)
def test_a_text_gives_this_tree(text: str) -> None:
    assert parse_one(text) == ALL[text]
