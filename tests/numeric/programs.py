"""Programs made by hand, as the resolver would: what the later stages are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.codegen.names import identifier
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import (
    Assumption,
    Hyperparameter,
    Input,
    Network,
    Objective,
    Program,
    Site,
    Term,
)
from formula2dgm.records import dataclass
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree

BATCH = Axis("batch", "batch")


@dataclass(frozen=True, slots=True)
class Said(tree.Node):
    """A statement as it is spelled."""

    text: str
    spelled: str

    def __str__(self) -> str:
        return self.text

    def latex(self) -> str:
        return self.spelled


class Builder:
    """Short forms for making nodes, with the formula's text as their origin."""

    def __init__(self, formula: str):
        self.arena = Arena()
        self.source = Source(formula)
        self.networks: dict[str, Network] = {}
        self.sites: dict[str, Site] = {}
        self.inputs: dict[str, Input] = {}

    def span(self, piece: str) -> Span | None:
        start = self.source.text.find(piece)
        return Span(self.source, start, start + len(piece)) if start >= 0 else None

    def _origin(self, node: ir.Node, piece: str) -> None:
        span = self.span(piece)
        if span is not None:
            self.arena.note(node, tree.Symbol(piece, span=span))

    def make(self, kind, *values):
        return self.arena.make(kind, *values)

    def const(self, value: float) -> ir.Const:
        return self.make(ir.Const, value)

    def data(self, name: str, axes: tuple[Axis, ...] = (BATCH,), **facts) -> ir.Data:
        self.inputs[name] = Input(name, name, axes, **facts)
        return self.make(ir.Data, name, axes)

    def call(self, label: str, args: Sequence[ir.Node], frozen: bool = False, **facts) -> ir.NetCall:
        name = identifier(label)
        names = tuple(arg.name if isinstance(arg, ir.Data) else getattr(arg, "site", "y") for arg in args)
        self.networks[name] = Network(name, label, names, **facts)
        call = self.make(ir.NetCall, name, tuple(args), frozen)
        self._origin(call, label)
        return call

    def law(self, label: str, family: str, args: Sequence[ir.Node], options: tuple = (), **facts) -> ir.Law:
        """A law whose network returns its parameters."""
        names = {"Normal": ("loc", "scale"), "Bernoulli": ("logits",), "Categorical": ("logits",)}[family]
        call = self.call(label, args, **facts)
        params = tuple((name, self.make(ir.Head, call, family, name)) for name in names)
        law = self.make(ir.Law, label, family, params, None, False, options)
        self._origin(law, label)
        return law

    def standard(self, label: str, shape: tuple[int, ...] | None = None) -> ir.Law:
        params = (("loc", self.const(0.0)), ("scale", self.const(1.0)))
        law = self.make(ir.Law, label, "Normal", params, shape)
        self._origin(law, label)
        return law

    def draw(self, law: ir.Law, site: str, own: tuple[Axis, ...] = (), noise: str = "standard") -> ir.Draw:
        draw = self.make(ir.Draw, law, site, own)
        self.sites[site] = Site(site, site, law, draw, draw.axes, noise)
        self._origin(draw, law.label)
        return draw

    def log(self, law: ir.Law, value: ir.Node) -> ir.LogProb:
        node = self.make(ir.LogProb, law, value)
        self._origin(node, f"log {law.label}" if self.span(f"log {law.label}") else law.label)
        return node

    def density(self, law: ir.Law, value: ir.Node) -> ir.Apply:
        return self.make(ir.Apply, "exp", (self.log(law, value),))

    def kl(self, left: ir.Law, right: ir.Law) -> ir.Divergence:
        node = self.make(ir.Divergence, "KL", left, right)
        self._origin(node, f"KL[{left.label} || {right.label}]")
        return node

    def mean(self, body: ir.Node, axis: Axis = BATCH) -> ir.Reduce:
        return self.make(ir.Reduce, "mean", axis, body)

    def sum(self, body: ir.Node, axis: Axis) -> ir.Reduce:
        return self.make(ir.Reduce, "sum", axis, body)

    def term(self, name: str, node: ir.Node, coefficient: ir.Node | float = 1) -> Term:
        if not isinstance(coefficient, ir.Node):
            coefficient = self.const(coefficient)
        return Term(name, coefficient, node, self.span(name))

    def program(self, *terms: Term, maximize: bool = True, hypers: tuple[Hyperparameter, ...] = (), **facts) -> Program:
        return Program(
            self.arena,
            (Said(self.source.text, facts.pop("latex", self.source.text), span=Span(self.source, 0, 0)),),
            (Objective(terms, maximize, span=Span(self.source, 0, len(self.source.text))),),
            tuple(self.inputs.values()),
            hypers,
            tuple(self.networks.values()),
            facts.pop("parameters", ()),
            tuple(self.sites.values()),
            **facts,
        )


def beta_vae() -> Program:
    """E_{q(z|x)}[log p(x|z)] - beta KL[q(z|x) || p(z)]."""
    b = Builder("E_{q(z|x)}[log p(x|z)] - beta * KL[q(z|x) || p(z)]")
    x = b.data("x", support="binary", shape=(6,))
    q = b.law("q(z|x)", "Normal", [x])
    z = b.draw(q, "z")
    p = b.law("p(x|z)", "Bernoulli", [z])
    prior = b.standard("p(z)", (3,))
    beta = b.make(ir.Hyper, "beta")
    own = Axis("batch", "sample")
    prior_z = b.make(ir.Draw, prior, "z", (own,))
    calls = b.make(ir.NetCall, "p_x_given_z", (prior_z,))
    likelihood = b.make(ir.Law, "p(x|z)", "Bernoulli", (("logits", b.make(ir.Head, calls, "Bernoulli", "logits")),))
    return b.program(
        b.term("log p(x|z)", b.mean(b.log(p, x))),
        b.term("KL[q(z|x) || p(z)]", b.mean(b.kl(q, prior)), b.make(ir.Neg, beta)),
        hypers=(Hyperparameter("beta", 4.0),),
        latex=r"\mathbb{E}_{q(z \mid x)}\left[\log p(x \mid z)\right] - \beta\, D_{\mathrm{KL}}"
        r"\left[q(z \mid x) \,\Vert\, p(z)\right]",
        assumptions=(Assumption("the objective is maximised: it adds the log-density of data"),),
        generative=(("z", prior_z), ("x", b.make(ir.Draw, likelihood, "x"))),
    )


def ratio_elbo() -> Program:
    """E_{q(z|x)}[log(p(x|z) p(z) / q(z|x))], one draw."""
    b = Builder("E_{q(z|x)}[log(p(x|z) * p(z) / q(z|x))]")
    x = b.data("x", support="binary")
    q = b.law("q(z|x)", "Normal", [x])
    z = b.draw(q, "z")
    p = b.law("p(x|z)", "Bernoulli", [z])
    prior = b.standard("p(z)", (3,))
    ratio = b.make(ir.Div, b.make(ir.Mul, (b.density(p, x), b.density(prior, z))), b.density(q, z))
    log = b.make(ir.Apply, "log", (ratio,))
    return b.program(b.term("log(p(x|z) * p(z) / q(z|x))", b.mean(log)))


def iwae() -> Program:
    """E_{z_{1:K} ~ q(z|x)}[log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)]."""
    b = Builder("E_{z_{1:K} ~ q(z|x)}[log(1/K * sum_{k=1}^K p(x|z_k) * p(z_k) / q(z_k|x))]")
    k = Axis("sample", "k", "K")
    x = b.data("x", support="binary")
    q = b.law("q(z|x)", "Normal", [x])
    z = b.draw(q, "z", (k,))
    p = b.law("p(x|z)", "Bernoulli", [z])
    prior = b.standard("p(z)", (3,))
    ratio = b.make(ir.Div, b.make(ir.Mul, (b.density(p, x), b.density(prior, z))), b.density(q, z))
    one_over_k = b.make(ir.Div, b.const(1), b.make(ir.Hyper, "K"))
    log = b.make(ir.Apply, "log", (b.make(ir.Mul, (one_over_k, b.sum(ratio, k))),))
    name = "log(1/K * sum_{k=1}^K p(x|z_k) * p(z_k) / q(z_k|x))"
    return b.program(b.term(name, b.mean(log)), hypers=(Hyperparameter("K", 5, whole=True),))


def hierarchical() -> Program:
    """Two layers of latents, the lower one first."""
    b = Builder("E_{q(z_1|x) q(z_2|z_1)}[log p(x|z_1)] - KL[q(z_2|z_1) || p(z_2)] + H[q(z_1|x)] + log p(z_1|z_2)")
    x = b.data("x", support="real")
    q1 = b.law("q(z_1|x)", "Normal", [x])
    z1 = b.draw(q1, "z_1")
    q2 = b.law("q(z_2|z_1)", "Normal", [z1])
    z2 = b.draw(q2, "z_2")
    px = b.law("p(x|z_1)", "Normal", [z1])
    pz1 = b.law("p(z_1|z_2)", "Normal", [z2])
    entropy = b.make(ir.Entropy, q1)
    return b.program(
        b.term("log p(x|z_1)", b.mean(b.log(px, x))),
        b.term("KL[q(z_2|z_1) || p(z_2)]", b.mean(b.kl(q2, b.standard("p(z_2)"))), -1),
        b.term("H[q(z_1|x)]", b.mean(entropy)),
        b.term("log p(z_1|z_2)", b.mean(b.log(pz1, z1))),
    )


def conditional() -> Program:
    """A conditional VAE with a learned prior p(z|y), minimised."""
    b = Builder("KL[q(z|x,y) || p(z|y)] - E_{q(z|x,y)}[log p(x|z,y)]")
    x = b.data("x", support="binary")
    y = b.data("y", support="real")
    q = b.law("q(z|x,y)", "Normal", [x, y])
    prior = b.law("p(z|y)", "Normal", [y])
    z = b.draw(q, "z")
    p = b.law("p(x|z,y)", "Bernoulli", [z, y])
    return b.program(
        b.term("KL[q(z|x,y) || p(z|y)]", b.mean(b.kl(q, prior))),
        b.term("log p(x|z,y)", b.mean(b.log(p, x)), -1),
        maximize=False,
    )


def default_samples(count: int = 4) -> Program:
    """The ELBO with the option samples=4: a mean over a sample axis of a literal size."""
    b = Builder("E_{q(z|x)}[log p(x|z)] - KL[q(z|x) || p(z)]")
    s = Axis("sample", "z", count)
    x = b.data("x", support="binary")
    q = b.law("q(z|x)", "Normal", [x])
    z = b.draw(q, "z", (s,))
    p = b.law("p(x|z)", "Bernoulli", [z])
    return b.program(
        b.term("log p(x|z)", b.mean(b.mean(b.log(p, x), s))),
        b.term("KL[q(z|x) || p(z)]", b.mean(b.kl(q, b.standard("p(z)", (3,)))), -1),
    )


def enumerated(one_hot: bool = True) -> Program:
    """M2's unlabelled bound: sum_y q(y|x) E_{q(z|x,y)}[log p(x|z,y) - log q(y|x)]."""
    b = Builder("sum_y q(y|x) * E_{q(z|x,y)}[log p(x|z,y) - log q(y|x)]")
    options = (("one_hot", True),) if one_hot else ()
    x = b.data("x", support="binary")
    qy = b.law("q(y|x)", "Categorical", [x], options)
    y_axis = Axis("enumeration", "y")
    y = b.make(ir.Enumerated, qy, y_axis)
    qz = b.law("q(z|x,y)", "Normal", [x, y])
    z = b.draw(qz, "z")
    p = b.law("p(x|z,y)", "Bernoulli", [z, y])
    body = b.make(ir.Add, (b.log(p, x), b.make(ir.Neg, b.log(qy, y))))
    weighted = b.make(ir.Mul, (b.density(qy, y), body))
    return b.program(b.term("bound", b.mean(b.sum(weighted, y_axis))))


def odd_names() -> Program:
    """Names that Python keeps for itself: data called ``input``, a weight called ``lambda``."""
    b = Builder("E_{q(z|input)}[log p(input|z)] - lambda * KL[q(z|input) || p(z)]")
    x = b.data("input", support="binary")
    q = b.law("q(z|input)", "Normal", [x])
    z = b.draw(q, "z")
    p = b.law("p(input|z)", "Bernoulli", [z])
    weight = b.make(ir.Hyper, "lambda")
    return b.program(
        b.term("log p(input|z)", b.mean(b.log(p, x))),
        b.term("KL[q(z|input) || p(z)]", b.mean(b.kl(q, b.standard("p(z)", (3,)))), b.make(ir.Neg, weight)),
        hypers=(Hyperparameter("lambda", 1.0),),
    )


def gan() -> Program:
    """Goodfellow's game, literally: D maximises, G minimises; z ~ p(z) has the batch of the data."""
    b = Builder("min_G max_D E_{x~p_data}[log D(x)] + E_{z~p(z)}[log(1 - D(G(z)))]")
    x = b.data("x", support="real", shape=(6,))
    z = b.draw(b.standard("p(z)", (3,)), "z", (BATCH,))
    one = b.const(1)

    def player(name: str) -> tuple[Term, ...]:
        real = b.make(ir.Head, b.call("D", [x], frozen=name != "D"))
        sample = b.make(ir.Head, b.call("G", [z], frozen=name != "G"))
        fake = b.make(ir.Head, b.call("D", [sample], frozen=name != "D"))
        on_real = b.make(ir.Apply, "log", (b.make(ir.Apply, "sigmoid", (real,)),))
        complement = b.make(ir.Add, (one, b.make(ir.Neg, b.make(ir.Apply, "sigmoid", (fake,)))))
        on_fake = b.make(ir.Apply, "log", (complement,))
        terms = (b.term("log D(x)", b.mean(on_real)), b.term("log(1 - D(G(z)))", b.mean(on_fake)))
        return terms if name == "D" else terms[1:]

    program = b.program(*player("D"))
    span = program.objectives[0].span
    objectives = (
        Objective(player("D"), True, "D", ("D",), span=span),
        Objective(player("G"), False, "G", ("G",), span=span),
    )
    return replace(program, objectives=objectives, networks=tuple(b.networks.values()))


def markov(shape: tuple[int, ...] | None = (3,)) -> Program:
    """A deep Markov model: sum_t E_q[log p(x_t|z_t) + log p(z_t|z_{t-1}) - log q(z_t|z_{t-1},x_t)]."""
    b = Builder("sum_{t=1}^T E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t) + log p(z_t|z_{t-1}) - log q(z_t|z_{t-1},x_t)]")
    time = Axis("time", "t")
    x = b.data("x", (BATCH, time), support="real")
    before = b.make(ir.Previous, "z", time, b.const(0.0), (BATCH, time))
    q = b.law("q(z_t|z_{t-1},x_t)", "Normal", [before, x])
    q = b.make(ir.Law, q.label, q.family, q.params, shape)
    z = b.draw(q, "z")
    p = b.law("p(x_t|z_t)", "Normal", [z])
    prior = b.law("p(z_t|z_{t-1})", "Normal", [before])
    terms = [
        b.term(name, b.mean(b.sum(b.log(law, value), time)), sign)
        for name, law, value, sign in (
            ("log p(x_t|z_t)", p, x, 1),
            ("log p(z_t|z_{t-1})", prior, z, 1),
            ("log q(z_t|z_{t-1},x_t)", q, z, -1),
        )
    ]
    return b.program(*terms)


for _make in (
    beta_vae, ratio_elbo, iwae, hierarchical, conditional, default_samples, enumerated, odd_names, gan, markov,
):  # fmt: skip
    _make.is_program = True  # type: ignore[attr-defined]
del _make
