"""Programs made by hand, as the resolver would, with the default networks that a script needs."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm import driver
from formula2dgm.codegen.module import generate
from formula2dgm.codegen.script import script
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter, Objective, Program, Scaffold
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes
from tests.numeric.programs import BATCH, Builder


def vae(
    family: str = "Bernoulli",
    shape: tuple[int, ...] | None = None,
    name: str = "x",
    hyper: str = "beta",
    latent: int = 8,
) -> Program:
    """E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)], its prior and likelihood also drawn."""
    latent = 8
    b = Builder(f"E_q(z|{name})[log p({name}|z)] - {hyper} * KL[q(z|{name}) || p(z)]")
    x = b.data(name, support="binary" if family == "Bernoulli" else "real", shape=shape)
    encoder = Scaffold(((name, shape),), (("loc", "real", (latent,)), ("scale", "positive", (latent,))))
    q = b.law(f"q(z|{name})", "Normal", [x], scaffold=encoder)
    heads = (
        (("logits", "real", shape),)
        if family == "Bernoulli"
        else (("loc", "real", shape), ("scale", "positive", shape))
    )
    decoder = Scaffold((("z", (latent,)),), heads, like=name)  # type: ignore[arg-type]
    p = b.law(f"p({name}|z)", family, [b.draw(q, "z")], scaffold=decoder)
    prior = b.standard("p(z)", (latent,))
    prior_z = b.make(ir.Draw, prior, "z", (Axis("batch", "drawn"),))
    call = b.make(ir.NetCall, f"p_{name}_given_z", (prior_z,))
    params = tuple((head, b.make(ir.Head, call, family, head)) for head, _, _ in heads)
    likelihood = b.make(ir.Law, f"p({name}|z)", family, params)
    return b.program(
        b.term(f"log p({name}|z)", b.mean(b.log(p, x))),
        b.term(f"KL[q(z|{name}) || p(z)]", b.mean(b.kl(q, prior)), b.make(ir.Neg, b.make(ir.Hyper, hyper))),
        hypers=(Hyperparameter(hyper, 1.0),),
        generative=(("z", prior_z), (name, b.make(ir.Draw, likelihood, name))),
    )


def gan() -> Program:
    """min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]: two players."""
    b = Builder("log D(x) + log(1 - D(G(z)))")
    x = b.data("x", support="real")
    z = b.draw(b.standard("p(z)", (4,)), "z", (BATCH,))
    generator = Scaffold((("z", (4,)),), (("out", "real", None),), like="x")
    critic = Scaffold((("x", None),), (("out", "unit", ()),))

    def output(network: str, argument: ir.Node, frozen: bool, scaffold: Scaffold) -> ir.Node:
        b.call(network, [argument], scaffold=scaffold)
        return b.make(ir.Head, b.make(ir.NetCall, network, (argument,), frozen), None, None)

    def objective(player: str) -> tuple[ir.Node, ir.Node]:
        fake = output("G", z, player != "G", generator)
        real_score, fake_score = (output("D", each, player != "D", critic) for each in (x, fake))
        inverse = b.make(ir.Add, (b.const(1), b.make(ir.Neg, fake_score)))
        return tuple(b.mean(b.make(ir.Apply, "log", (each,))) for each in (real_score, inverse))  # type: ignore[return-value]

    real, fake = objective("D")
    program = b.program(b.term("log D(x)", real), b.term("log(1 - D(G(z)))", fake))
    d = replace(program.objectives[0], player="D", trains=("D",))
    g = Objective((b.term("log(1 - D(G(z)))", objective("G")[1]),), maximize=False, player="G", trains=("G",))
    return replace(program, objectives=(d, g))


def classifier() -> Program:
    """log p(y|x) of ten classes: labels beside pictures."""
    b = Builder("log p(y|x)")
    x, y = b.data("x", support="real"), b.data("y", support="category", shape=(), classes=10)
    p = b.law("p(y|x)", "Categorical", [x], scaffold=Scaffold((("x", None),), (("logits", "real", (10,)),)))
    return b.program(b.term("log p(y|x)", b.mean(b.log(p, y))))


def two_sets() -> Program:
    """log p(u) + log p(v): two data sets that are not paired."""
    b = Builder("log p(u) + log p(v)")
    terms = []
    for name in ("u", "v"):
        batch = Axis("batch", name)
        value = b.data(name, (batch,), support="real", shape=(3,))
        law = b.standard(f"p({name})", (3,))
        scaled = b.make(ir.Mul, (b.make(ir.Hyper, "scale"), b.log(law, value)))
        terms.append(b.term(f"log p({name})", b.mean(scaled, batch)))
    net = Scaffold((("u", (3,)),), (("out", "real", (3,)),))
    fit = b.make(ir.Head, b.call("f", [b.data("u", (Axis("batch", "u"),), support="real", shape=(3,))], scaffold=net))
    terms.append(b.term("||f(u)||^2", b.mean(b.make(ir.Norm, fit), Axis("batch", "u")), -1))
    return b.program(*terms, hypers=(Hyperparameter("scale", 1.0),))


def sequence() -> Program:
    """sum_t E_q(z_t|x_t)[log p(x_t|z_t)] - KL[q(z_t|x_t) || p(z_t)]: every step on its own."""
    b = Builder("sum_{t=1}^T E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]")
    time = Axis("time", "t", "T")
    x = b.data("x", (BATCH, time), support="unit")
    encoder = Scaffold((("x", None),), (("loc", "real", (3,)), ("scale", "positive", (3,))))
    q = b.law("q(z|x)", "Normal", [x], scaffold=encoder)
    decoder = Scaffold((("z", (3,)),), (("loc", "real", None), ("scale", "positive", None)), like="x")
    p = b.law("p(x|z)", "Normal", [b.draw(q, "z")], scaffold=decoder)
    return b.program(
        b.term("log p(x|z)", b.mean(b.sum(b.log(p, x), time))),
        b.term("KL[q(z|x) || p(z)]", b.mean(b.sum(b.kl(q, b.standard("p(z)", (3,))), time)), -1),
    )


def written(*formula: str) -> Program:
    """A formula with default networks, as the command line resolves it."""
    return run_passes(driver.analyse(list(formula), options=make_options(scaffold=True)))


def semi_supervised() -> Program:
    """Labelled beside unlabelled examples."""
    return written(
        r"\max_{\theta,\phi} \mathbb{E}_{(x,y)\sim\mathcal{D}_l}[\log q_\phi(y|x)]"
        r" + \mathbb{E}_{x\sim\mathcal{D}_u}[\log p_\theta(x)]",
        r"y \in \{1, \dots, 10\}",
    )


def wasserstein() -> Program:
    """A critic whose weights are clipped."""
    return written(
        r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]",
        r"\theta_D \in [-c, c]",
        r"c = 0.01",
        r"z \in \mathbb{R}^4",
    )


def averages() -> Program:
    """A target network that follows an encoder."""
    return written(
        r"\min E_{p_{data}(x)}[-\log p_\theta(x|h_\phi(x)) + \|h_\phi(x) - h_{\bar\phi}(-x)\|^2]",
        r"\bar\phi \leftarrow 0.9\,\bar\phi + 0.1\,\phi",
    )


def iwae() -> Program:
    """A bound that is tighter with more draws."""
    return written(
        r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac{1}{K} \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}]",
        r"K = 2",
        r"x \in \{0,1\}^{64}",
        r"p(z) = \mathcal{N}(z; 0, I)",
        r"z \in \mathbb{R}^4",
    )


def deep_markov() -> Program:
    """A latent chain beside sequences of bits, as a paper writes it."""
    return written(
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},x_t)}[\log p(x_t|z_t) + \log p(z_t|z_{t-1}) - \log q(z_t|z_{t-1},x_t)]",
        r"x_t \in \{0,1\}^8",
        r"z_t \in \mathbb{R}^4",
    )


def words() -> Program:
    """Sequences of categories, each given those before it."""
    return written(r"\max \sum_{t=1}^T \log p(w_t|h_{t-1})", r"h_t = f(h_{t-1}, w_t)", r"w_t \in \{1, \dots, 9\}")


def levels() -> Program:
    """Sequences of numbers, each step a Normal around what a network makes of the steps before."""
    return written(r"\max \sum_{t=1}^T \log p(r_t|r_{<t})", r"r_t \in \mathbb{R}")


def ragged() -> Program:
    """Sequences of several lengths, read from the end of each."""
    formula = [r"\max \sum_{t=1}^T \log p(x_t|b_t)", r"b_t = f(x_{t+1:T})", r"x_t \in \mathbb{R}^3"]
    return run_passes(driver.analyse(formula, options=make_options(scaffold=True, ragged=True)))


def ragged_chain() -> Program:
    """A latent chain of which each step reads the rest of its sequence."""
    formula = [
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},x_{t:T})}[\log p(x_t|z_t) + \log p(z_t|z_{t-1})"
        r" - \log q(z_t|z_{t-1},x_{t:T})]",
        r"x_t \in \{0,1\}^8",
        r"z_t \in \mathbb{R}^4",
    ]
    return run_passes(driver.analyse(formula, options=make_options(scaffold=True, ragged=True)))


def compiled(likelihood: str) -> Program:
    """A program that its formula compiles to, as that of a run that is loaded again."""
    text = f"E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]; p(x|z) = {likelihood}; z in R^8; beta = 1"
    return run_passes(driver.analyse(text, options=make_options(scaffold=True)))


PROGRAMS = {
    "compiled_pictures": lambda: compiled("Bernoulli(x; f(z))"),
    "compiled_points": lambda: compiled("N(x; mu(z), sigma^2 I); x in R^2; sigma = 0.5"),
    "ragged_chain": ragged_chain,
    "ragged": ragged,
    "deep_markov": deep_markov,
    "iwae": iwae,
    "words": words,
    "levels": levels,
    "averages": averages,
    "semi_supervised": semi_supervised,
    "wasserstein": wasserstein,
    "sequence": sequence,
    "vae": vae,
    "gaussian": lambda: vae("Normal", (2,)),
    "subscript": lambda: vae(name="x_0", hyper="lr"),
    "gan": gan,
    "classifier": classifier,
    "two_sets": two_sets,
}


def script_of(program: Program) -> str:
    return script(program, generate(program))
