"""Each pass before and after, in formula notation; and what every pass must keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.formulas import formula_at
from formula2dgm.ir.program import Hyperparameter, Input, Network, Objective, Program, Site, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text
from formula2dgm.ir.verify import VerificationError, verify
from formula2dgm.passes import PIPELINE, run_passes
from formula2dgm.passes.log_algebra import stable_logs
from formula2dgm.passes.means import recognise_means
from formula2dgm.passes.scalars import fold_scalars
from formula2dgm.passes.sizes import whole_sizes
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree

BATCH, K, TIME = Axis("batch", "batch"), Axis("sample", "k", "K"), Axis("time", "t")


class Maker:
    """Nodes of one arena in few words."""

    def __init__(self) -> None:
        self.arena = Arena()
        self.x = self.make(ir.Data, "x", (BATCH,))
        self.y = self.make(ir.Data, "y", (BATCH,))
        self.z = self.make(ir.Draw, self.law("q(z)"), "z", (K, BATCH))
        self.k = self.make(ir.Hyper, "K")
        self.beta = self.make(ir.Hyper, "beta")

    def make(self, kind, *values):
        return self.arena.make(kind, *values)

    def law(self, label: str) -> ir.Law:
        params = (("loc", self.const(0.0)), ("scale", self.const(1.0)))
        return self.make(ir.Law, label, "Normal", params, (2,))

    def const(self, value: float) -> ir.Const:
        return self.make(ir.Const, value)

    def p(self, label: str, value: ir.Node | None = None) -> ir.Apply:
        """The density as a number."""
        return self.f("exp", self.make(ir.LogProb, self.law(label), value or self.z))

    def f(self, name: str, *args: ir.Node) -> ir.Apply:
        return self.make(ir.Apply, name, args)

    def log(self, body: ir.Node) -> ir.Apply:
        return self.f("log", body)

    def mul(self, *args: ir.Node) -> ir.Mul:
        return self.make(ir.Mul, args)

    def add(self, *args: ir.Node) -> ir.Add:
        return self.make(ir.Add, args)

    def neg(self, body: ir.Node) -> ir.Neg:
        return self.make(ir.Neg, body)

    def div(self, top: ir.Node, bottom: ir.Node) -> ir.Div:
        return self.make(ir.Div, top, bottom)

    def reduce(self, op: str, body: ir.Node, axis: Axis = K) -> ir.Reduce:
        return self.make(ir.Reduce, op, axis, body)

    def number(self, network: str) -> ir.Head:
        """What a deterministic network makes of x."""
        return self.make(ir.Head, self.make(ir.NetCall, network, (self.x,)))

    def program(self, node: ir.Node) -> Program:
        for axis in node.axes:
            node = self.reduce("mean", node, axis)
        return Program(
            self.arena, (), (Objective((Term("f", self.const(1), node),), True),),
            (Input("x", "x", (BATCH,)), Input("y", "y", (BATCH,))),
            (Hyperparameter("K", 3, whole=True), Hyperparameter("beta", 1.0)),
            tuple(Network(name, name, ("x",)) for name in "dfg"), (),
            (Site("z", "z", self.z.law, self.z, self.z.axes, "standard"),),
        )  # fmt: skip


def after(which, node: ir.Node, m: Maker) -> str:
    """The node after one pass, as text, without the reductions that make it a term."""
    result = which(m.program(node)).objectives[0].terms[0].node
    for _ in node.axes:
        assert isinstance(result, ir.Reduce)
        result = result.body
    return to_text(result)


LOGS = {
    "a product of densities": (
        lambda m: m.log(m.mul(m.p("p(x|z)", m.x), m.p("p(z)"))),
        "log(p(x|z) * p(z))", "log p(x|z) + log p(z)",
    ),
    "a ratio of densities": (
        lambda m: m.log(m.div(m.mul(m.p("p(x|z)", m.x), m.p("p(z)")), m.p("q(z)"))),
        "log(p(x|z) * p(z) / q(z))", "log p(x|z) + log p(z) - log q(z)",
    ),
    "a ratio below the line": (
        lambda m: m.log(m.div(m.const(1), m.p("q(z)"))),
        "log(1 / q(z))", "-log q(z)",
    ),
    "a ratio of products": (
        lambda m: m.log(m.div(m.p("p(z)"), m.mul(m.p("q(z)"), m.p("r(z)")))),
        "log(p(z) / (q(z) * r(z)))", "log p(z) - log q(z) - log r(z)",
    ),
    "a power": (
        lambda m: m.log(m.make(ir.Pow, m.p("p(z)"), m.beta)),
        "log(p(z)^beta)", "beta * log p(z)",
    ),
    "a sum over draws": (
        lambda m: m.log(m.reduce("sum", m.div(m.p("p(z)"), m.p("q(z)")))),
        "log(sum_k[p(z) / q(z)])", "logsumexp_k[log p(z) - log q(z)]",
    ),
    "a mean over draws": (
        lambda m: m.log(m.reduce("mean", m.p("p(z)"))),
        "log(mean_k[p(z)])", "logmeanexp_k[log p(z)]",
    ),
    "a product over draws": (
        lambda m: m.log(m.reduce("prod", m.p("p(z)"))),
        "log(prod_k[p(z)])", "sum_k[log p(z)]",
    ),
    "a mixture": (
        lambda m: m.log(m.add(m.mul(m.const(0.5), m.p("p(z)")), m.mul(m.const(0.5), m.p("q(z)")))),
        "log(0.5 * p(z) + 0.5 * q(z))", "logaddexp(log(0.5) + log p(z), log(0.5) + log q(z))",
    ),
    "a number of draws": (
        lambda m: m.log(m.mul(m.k, m.p("p(z)"))),
        "log(K * p(z))", "log(K) + log p(z)",
    ),
    "a logistic function": (
        lambda m: m.log(m.f("sigmoid", m.number("d"))),
        "log(sigmoid(d(x)))", "log_sigmoid(d(x))",
    ),
    "its complement": (
        lambda m: m.log(m.add(m.const(1), m.neg(m.f("sigmoid", m.number("d"))))),
        "log(1 - sigmoid(d(x)))", "log_sigmoid(-d(x))",
    ),
    "a softplus": (
        lambda m: m.log(m.add(m.const(1), m.f("exp", m.number("d")))),
        "log(1 + exp(d(x)))", "softplus(d(x))",
    ),
    "a ratio outside a logarithm": (
        lambda m: m.mul(m.div(m.p("p(z)"), m.p("q(z)")), m.number("f")),
        "(p(z) / q(z)) * f(x)", "exp(log p(z) - log q(z)) * f(x)",
    ),
    "the logits of a probability that is a logistic function": (
        lambda m: m.f("logits_from_probs", m.f("sigmoid", m.number("f"))),
        "logits_from_probs(sigmoid(f(x)))", "f(x)",
    ),
    "the scale of a variance that is an exponential": (
        lambda m: m.f("scale_from_var", m.f("exp", m.number("f"))),
        "scale_from_var(exp(f(x)))", "scale_from_log_var(f(x))",
    ),
    "densities and their inverses in a product": (
        lambda m: m.mul(m.number("f"), m.p("p(z)"), m.div(m.const(1), m.p("q(z)"))),
        "f(x) * p(z) * (1 / q(z))", "f(x) * exp(log p(z) - log q(z))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_stable_logs(name: str) -> None:
    make, before, wanted = LOGS[name]
    m = Maker()
    node = make(m)
    assert to_text(node) == before
    assert after(stable_logs, node, m) == wanted


UNKNOWN = {
    "a hyperparameter may be negative": lambda m: m.log(m.mul(m.beta, m.p("p(z)"))),
    "a network may be negative": lambda m: m.log(m.mul(m.number("f"), m.number("g"))),
    "a difference may be negative": lambda m: m.log(m.add(m.p("p(z)"), m.neg(m.p("q(z)")))),
    "a critic's output is no logistic function": lambda m: m.log(m.add(m.const(1), m.neg(m.number("D")))),
    "a sum of unknown sign": lambda m: m.log(m.reduce("sum", m.mul(m.number("f"), m.p("p(z)")))),
    "a negative constant": lambda m: m.log(m.mul(m.const(-2.0), m.const(-3.0))),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_logs_of_what_may_be_negative_stay(name: str) -> None:
    m = Maker()
    node = UNKNOWN[name](m)
    assert after(stable_logs, node, m) == to_text(node)


MEANS = {
    "a size in front": (
        lambda m: m.mul(m.div(m.const(1), m.k), m.reduce("sum", m.p("p(z)"))),
        "(1 / K) * sum_k[p(z)]", "mean_k[p(z)]",
    ),
    "a size below": (
        lambda m: m.div(m.reduce("sum", m.p("p(z)")), m.k),
        "sum_k[p(z)] / K", "mean_k[p(z)]",
    ),
    "other factors stay": (
        lambda m: m.mul(m.beta, m.div(m.const(1), m.k), m.reduce("sum", m.p("p(z)"))),
        "beta * (1 / K) * sum_k[p(z)]", "beta * mean_k[p(z)]",
    ),
    "another number is another number": (
        lambda m: m.mul(m.div(m.const(1), m.beta), m.reduce("sum", m.p("p(z)"))),
        "(1 / beta) * sum_k[p(z)]", "(1 / beta) * sum_k[p(z)]",
    ),
    "a mean is not divided again": (
        lambda m: m.div(m.reduce("mean", m.p("p(z)")), m.k),
        "mean_k[p(z)] / K", "mean_k[p(z)] / K",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANS)
def test_means(name: str) -> None:
    make, before, wanted = MEANS[name]
    m = Maker()
    node = make(m)
    assert to_text(node) == before
    assert after(recognise_means, node, m) == wanted


SCALARS = {
    "one times": (lambda m: m.mul(m.const(1), m.p("p(z)")), "1 * p(z)", "p(z)"),
    "numbers": (lambda m: m.mul(m.const(2), m.p("p(z)"), m.const(3)), "2 * p(z) * 3", "6 * p(z)"),
    "twice negated": (lambda m: m.neg(m.neg(m.p("p(z)"))), "-(-p(z))", "p(z)"),
    "plus nothing": (lambda m: m.add(m.p("p(z)"), m.const(0)), "p(z) + 0", "p(z)"),
    "two and nothing": (lambda m: m.add(m.p("p(z)"), m.const(0), m.p("q(z)")), "p(z) + 0 + q(z)", "p(z) + q(z)"),
    "over one": (lambda m: m.div(m.p("p(z)"), m.const(1)), "p(z) / 1", "p(z)"),
    "a fraction as written": (lambda m: m.mul(m.div(m.const(1), m.const(2)), m.p("p(z)")), "(1 / 2) * p(z)",
                              "(1 / 2) * p(z)"),
    "a variance": (lambda m: m.f("scale_from_var", m.const(4)), "scale_from_var(4)", "2"),
    "an impossible variance": (lambda m: m.f("scale_from_var", m.const(-4)), "scale_from_var(-4)",
                               "scale_from_var(-4)"),
    "times zero": (lambda m: m.mul(m.const(0), m.p("p(z)")), "0 * p(z)", "0 * p(z)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALARS)
def test_scalars(name: str) -> None:
    make, before, wanted = SCALARS[name]
    m = Maker()
    node = make(m)
    assert to_text(node) == before
    assert after(fold_scalars, node, m) == wanted


def test_the_importance_weighted_bound() -> None:
    """Log of 1/K times a sum of ratios: the passes together."""
    m = Maker()
    ratio = m.div(m.mul(m.p("p(x|z)", m.x), m.p("p(z)")), m.p("q(z)"))
    node = m.log(m.mul(m.div(m.const(1), m.k), m.reduce("sum", ratio)))
    assert after(run_passes, node, m) == "logmeanexp_k[log p(x|z) + log p(z) - log q(z)]"


@pytest.mark.parametrize("name", LOGS)
def test_no_pass_touches_a_draw(name: str) -> None:
    m = Maker()
    program = m.program(LOGS[name][0](m))
    passed = run_passes(program, debug=True)
    assert [each.node for each in passed.sites] == [m.z]
    before = [node for node in walk(program.objectives[0].terms[0].node) if isinstance(node, ir.Draw)]
    after_ = [node for node in walk(passed.objectives[0].terms[0].node) if isinstance(node, ir.Draw)]
    assert before == after_


@pytest.mark.parametrize("name", LOGS)
def test_a_second_run_changes_nothing(name: str) -> None:
    m = Maker()
    once = run_passes(m.program(LOGS[name][0](m)))
    assert run_passes(once).objectives == once.objectives


def test_a_rewritten_node_keeps_its_place_in_the_text() -> None:
    m = Maker()
    node = m.log(m.mul(m.p("p(x|z)", m.x), m.p("p(z)")))
    origin = tree.Symbol("log", span=Span(Source("log p(x|z)p(z)"), 0, 14))
    m.arena.note(node, origin)
    result = stable_logs(m.program(node)).objectives[0].terms[0].node
    assert isinstance(result, ir.Reduce) and isinstance(result.body, ir.Reduce)
    assert m.arena.origins(result.body.body) == (origin,)


def test_what_sizes_an_axis_is_whole() -> None:
    m = Maker()
    program = m.program(m.reduce("mean", m.p("p(z)")))
    loose = replace(program, hyperparameters=(Hyperparameter("K", 3.0), Hyperparameter("beta", 2.0)))
    found = whole_sizes(loose).hyperparameters
    assert [(each.name, each.whole, repr(each.default)) for each in found] == [
        ("K", True, "3"),
        ("beta", False, "2.0"),
    ]


def test_every_pass_has_an_example() -> None:
    for each in PIPELINE:
        assert "becom" in (__import__(each.__module__, fromlist=["x"]).__doc__ or "")


# -- the verifier --------------------------------------------------------------------------------------


def test_the_verifier_accepts_a_sound_program() -> None:
    m = Maker()
    assert verify(m.program(m.make(ir.LogProb, m.law("p(x)"), m.x)))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda m: m.make(ir.LogProb, m.law("p(x)"), m.x), "the axis batch is left at the root"),
        (lambda m: m.reduce("mean", m.const(1.0), BATCH), "reduces an axis that its body does not have"),
        (lambda m: m.reduce("mean", m.make(ir.Data, "w", (BATCH,)), BATCH), "the data 'w' is no input"),
        (lambda m: m.make(ir.Hyper, "gamma"), "the hyperparameter 'gamma' is not declared"),
        (lambda m: m.reduce("mean", m.number("D"), BATCH), "the network 'D' is not declared"),
        (lambda m: m.make(ir.Norm, m.make(ir.Param, "w", True)), "the parameter 'w' is not declared"),
        (lambda m: m.make(ir.LogProb, m.law("p(e)"), m.make(ir.Draw, m.law("p(e)"), "e")), "the site 'e'"),
        (lambda m: m.reduce("mean", m.x, BATCH), "is a value, not a number"),
        (
            lambda m: m.make(ir.Norm, m.make(ir.Previous, "z", TIME, m.const(0.0), ())),
            "has no draw or state of its own",
        ),
        (
            lambda m: m.add(
                m.make(ir.Norm, m.make(ir.Previous, "z", TIME, m.const(0.0), (TIME,))),
                m.reduce("mean", m.reduce("mean", m.make(ir.Norm, m.z)), BATCH),
            ),
            "has other axes than its draw: k:K, batch",
        ),
    ],
)
def test_the_verifier_finds(make, complaint: str) -> None:
    m = Maker()
    base = m.program(m.const(1.0))
    objective = Objective((Term("f", m.const(1), make(m)),), True)
    broken = Program(**{**{f: getattr(base, f) for f in base.__match_args__}, "objectives": (objective,)})
    with pytest.raises(VerificationError, match="after a pass") as caught:
        verify(broken, "a pass")
    assert complaint in str(caught.value)


def test_a_formula_of_the_step_is_computed_at_the_step_that_is_drawn() -> None:
    """0.02 t / T at a drawn step; what runs along the steps is read from its row."""
    make = Maker()
    step, number = make.make(ir.Draw, make.law("U"), "n", (BATCH,)), make.make(ir.Index, TIME)
    position = make.make(ir.Data, "n", (BATCH,), True)
    half = make.make(ir.Mul, (make.make(ir.Const, 0.5), number))
    running = make.make(ir.Running, "sum", half, TIME)
    at = make.make(ir.Picked, half, TIME, position)
    assert formula_at(make.arena, at) is make.make(ir.Mul, (make.make(ir.Const, 0.5), position))
    row = make.make(ir.Picked, running, TIME, position)
    assert formula_at(make.arena, row) is row and formula_at(make.arena, step) is step
