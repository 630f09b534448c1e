"""Programs over time made by hand, as the resolver would: chains, carried states, whole sequences, prefixes."""

from __future__ import annotations

from collections.abc import Sequence

from time_builder import SEQUENCE, TIME, TimeBuilder

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter, Parameter, Program


def deep_markov() -> Program:
    """Krishnan's: the posterior reads the rest of the sequence; KL divergences beside the emissions."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_{t:T})}[log p(x_t|z_t) - KL[q(z_t|z_{t-1},x_{t:T}) || p(z_t|z_{t-1})]]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("z")
    summary = b.output("g", [b.prefix(x, backward=True)])
    q = b.sized(b.law("q(z_t|z_{t-1},x_{t:T})", "Normal", [before, summary]), 3)
    z = b.draw(q, "z")
    prior = b.law("p(z_t|z_{t-1})", "Normal", [before])
    return b.program(
        b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Bernoulli", [z]), x)),
        b.over_time("KL[q(z_t|z_{t-1},x_{t:T}) || p(z_t|z_{t-1})]", b.carrying(b.kl(q, prior), z), -1),
    )


def variational_rnn() -> Program:
    """Chung's: a GRU cell carries features of x_t and z_t on; prior, posterior and emission read its last state."""
    b = TimeBuilder("sum_t E_{q(z_t|x_t,h_{t-1})}[log p(x_t|z_t,h_{t-1}) - KL[q(z_t|x_t,h_{t-1}) || p(z_t|h_{t-1})]]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("h")
    q = b.law("q(z_t|x_t,h_{t-1})", "Normal", [x, before])
    z = b.draw(q, "z")
    h = b.state("h", b.output("f", [b.output("phi", [x, z]), before]), 4)
    p = b.law("p(x_t|z_t,h_{t-1})", "Normal", [z, before])
    prior = b.law("p(z_t|h_{t-1})", "Normal", [before])
    return b.program(
        b.over_time("log p(x_t|z_t,h_{t-1})", b.carrying(b.log(p, x), h)),
        b.over_time("KL[q(z_t|x_t,h_{t-1}) || p(z_t|h_{t-1})]", b.carrying(b.kl(q, prior), h), -1),
    )


def learned_start() -> Program:
    """The same carried state from a learned h_0, in a network of the user's own; nothing is drawn."""
    b = TimeBuilder("sum_t log p(x_t|h_{t-1})")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("h", b.make(ir.Param, "h_0", True))
    h = b.state("h", b.output("f", [before, x]))
    p = b.law("p(x_t|h_{t-1})", "Normal", [before])
    term = b.over_time("log p(x_t|h_{t-1})", b.carrying(b.log(p, x), h))
    return b.program(term, parameters=(Parameter("h_0", "h_0", True, (4,)),))


def lstm_pair() -> Program:
    """An LSTM cell: two states that one call returns and the next one reads as a tuple."""
    b = TimeBuilder("sum_t log p(x_t|h_{t-1})")
    x = b.data("x", SEQUENCE, support="real")
    h_before, c_before = b.previous("h"), b.previous("c")
    args = [x, b.make(ir.Pair, (h_before, c_before))]
    h = b.state("h", b.output("cell", args, 0, outputs=2), 4)
    c = b.state("c", b.output("cell", args, 1, outputs=2), 4)
    p = b.law("p(x_t|h_{t-1})", "Normal", [h_before])
    return b.program(b.over_time("log p(x_t|h_{t-1})", b.carrying(b.log(p, x), h, c)))


def stochastic_rnn() -> Program:
    """Fraccaro's: d runs forwards over the data, a backwards over d and the data, z forwards over both."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},a_t)}[log p(x_t|z_t,d_t) - KL[q(z_t|z_{t-1},a_t) || p(z_t|z_{t-1},d_t)]]")
    x = b.data("x", SEQUENCE, support="real")
    d = b.state("d", b.output("f", [b.shifted(x, -1), b.previous("d", b.make(ir.Param, "d_0", True))]))
    a = b.state("a", b.output("g", [x, d, b.previous("a", b.make(ir.Param, "a_0", True), lag=-1)]))
    before = b.previous("z")
    q = b.sized(b.law("q(z_t|z_{t-1},a_t)", "Normal", [before, a]), 3)
    z = b.draw(q, "z")
    p = b.law("p(x_t|z_t,d_t)", "Normal", [z, d])
    prior = b.law("p(z_t|z_{t-1},d_t)", "Normal", [before, d])
    return b.program(
        b.over_time("log p(x_t|z_t,d_t)", b.log(p, x)),
        b.over_time("KL[q(z_t|z_{t-1},a_t) || p(z_t|z_{t-1},d_t)]", b.carrying(b.kl(q, prior), z), -1),
        parameters=(Parameter("d_0", "d_0", True, (4,)), Parameter("a_0", "a_0", True, (4,))),
    )


def first_step() -> Program:
    """p(z_1) = N(0, 1) beside p(z_t|z_{t-1}), and q(z_1|x_1) beside q(z_t|z_{t-1},x_t)."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[log p(x_t|z_t) + log p(z_t|z_{t-1}) - log q(z_t|z_{t-1},x_t)]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("z")
    start = b.law("q(z_1|x_1)", "Normal", [b.at_step(x, 1)])
    q = b.law("q(z_t|z_{t-1},x_t)", "Normal", [before, x])
    q = _from_first(b, q, [node for _, node in start.params])
    z = b.draw(q, "z")
    prior = _from_first(b, b.law("p(z_t|z_{t-1})", "Normal", [before]), [b.const(0.0), b.const(1.0)])
    return b.program(
        b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)),
        b.over_time("log p(z_t|z_{t-1})", b.log(prior, z)),
        b.over_time("log q(z_t|z_{t-1},x_t)", b.log(q, z), -1),
    )


def first_divergence() -> Program:
    """The same by divergences, and the entropy of the prior."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_t)}[H[p(z_t|z_{t-1})] - KL[q(z_t|z_{t-1},x_t) || p(z_t|z_{t-1})]]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("z")
    q = b.sized(b.law("q(z_t|z_{t-1},x_t)", "Normal", [before, x]), 3)
    z = b.draw(q, "z")
    prior = _from_first(b, b.law("p(z_t|z_{t-1})", "Normal", [before]), [b.const(0.5), b.const(2.0)])
    return b.program(
        b.over_time("H[p(z_t|z_{t-1})]", b.carrying(b.make(ir.Entropy, prior), z)),
        b.over_time("KL[q(z_t|z_{t-1},x_t) || p(z_t|z_{t-1})]", b.carrying(b.kl(q, prior), z), -1),
    )


def _from_first(b: TimeBuilder, law: ir.Law, first: Sequence[ir.Node]) -> ir.Law:
    params = [b.make(ir.FirstStep, start, rest, b.time) for start, (_, rest) in zip(first, law.params, strict=True)]
    return b.law_of(law.label, law.family, *params, shape=(3,))


def window() -> Program:
    """Each inner step from its neighbours: a sum from 2 to T - 1 that reads x_{t-1} and x_{t+1}."""
    b = TimeBuilder("sum_{t=2}^{T-1} log p(x_t|x_{t-1},x_{t+1})")
    x = b.data("x", SEQUENCE, support="real")
    p = b.law("p(x_t|x_{t-1},x_{t+1})", "Normal", [b.shifted(x, -1), b.shifted(x, 1, 7.0)])
    inner = b.make(ir.Window, b.log(p, x), TIME, 2, 1)
    return b.program(b.over_time("log p(x_t|x_{t-1},x_{t+1})", inner))


def sequence_vae() -> Program:
    """A bidirectional GRU over the whole sequence gives each step's posterior; one more latent reads it as a whole."""
    b = TimeBuilder("E_{q(w|x_{1:T}) q(z_t|b_t)}[sum_t log p(x_t|z_t,w)] - KL[q(w|x_{1:T}) || p(w)] - sum_t KL")
    x = b.data("x", SEQUENCE, support="real")
    q_w = b.law("q(w|x_{1:T})", "Normal", [b.sequence(x)])
    w = b.draw(q_w, "w")
    q_z = b.law("q(z_t|b_t)", "Normal", [b.steps(b.output("rnn", [b.sequence(x)], 0, outputs=2))])
    z = b.draw(q_z, "z")
    return b.program(
        b.over_time("log p(x_t|z_t,w)", b.log(b.law("p(x_t|z_t,w)", "Normal", [z, w]), x)),
        b.term("KL[q(w|x_{1:T}) || p(w)]", b.mean(b.kl(q_w, b.standard("p(w)", (2,)))), -1),
        b.over_time("KL[q(z_t|b_t) || p(z_t)]", b.kl(q_z, b.standard("p(z_t)", (3,))), -1),
    )


def law_of_steps() -> Program:
    """A network of the whole sequence that returns the parameters of every step."""
    b = TimeBuilder("E_{q(z_{1:T}|x_{1:T})}[sum_t log p(x_t|z_t)] + sum_t H[q(z_t|x_{1:T})]")
    x = b.data("x", SEQUENCE, support="real")
    call = b.call("q(z_{1:T}|x_{1:T})", [b.sequence(x)])
    params = [b.steps(b.make(ir.Head, call, "Normal", name)) for name in ("loc", "scale")]
    q = b.law_of("q(z_t|x_{1:T})", "Normal", *params)
    z = b.draw(q, "z")
    return b.program(
        b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)),
        b.over_time("H[q(z_t|x_{1:T})]", b.make(ir.Entropy, q)),
    )


def autoregression() -> Program:
    """p(x_t|x_{<t},u_t,y): prefixes of the sequence, a value of each step and one of the whole example."""
    b = TimeBuilder("sum_t log p(x_t|x_{<t},u_t,y)")
    x = b.data("x", SEQUENCE, support="real")
    u = b.data("u", SEQUENCE, support="real")
    y = b.data("y", support="real")
    p = b.law("p(x_t|x_{<t},u_t,y)", "Normal", [b.prefix(b.shifted(x, -1)), u, y])
    return b.program(b.over_time("log p(x_t|x_{<t},u_t,y)", b.log(p, x)))


def prefix_of_draws() -> Program:
    """z_t given all earlier z: a prefix of what the loop itself carries."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{<t},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    summary = b.output("g", [b.prefix(b.previous("z"))], 0, outputs=2)
    z = b.draw(b.sized(b.law("q(z_t|z_{<t},x_t)", "Normal", [summary, x]), 3), "z")
    return b.program(b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)))


def last_step() -> Program:
    """A label read off the last step of a chain, and a penalty between the second last and the first."""
    b = TimeBuilder("E_{q(z_t|z_{t-1},x_t)}[log p(y|z_T) - |z_{T-1} - z_1|^2]")
    x = b.data("x", SEQUENCE, support="real")
    y = b.data("y", support="binary")
    z = b.draw(b.sized(b.law("q(z_t|z_{t-1},x_t)", "Normal", [b.previous("z"), x]), 3), "z")
    p = b.law("p(y|z_T)", "Bernoulli", [b.at_step(z, 0)])
    apart = b.make(ir.Add, (b.at_step(z, -1), b.make(ir.Neg, b.at_step(z, 1))))
    squared = b.make(ir.EventSum, b.make(ir.Pow, apart, b.const(2)))
    return b.program(
        b.term("log p(y|z_T)", b.mean(b.log(p, y))),
        b.term("|z_{T-1} - z_1|^2", b.mean(squared), -1),
    )


def drawing(steps: int | str = "T") -> Program:
    """Gregor's DRAW without attention: T steps over one image, each adding to a canvas."""
    time = Axis("time", "t", steps)
    b = TimeBuilder("E_{q(z_t|e_t)}[log p(x|c_T) - sum_{t=1}^T KL[q(z_t|e_t) || p(z_t)]]", time)
    x = b.data("x", support="binary")
    canvas, decoded = b.previous("c", b.make(ir.Param, "c_0", True)), b.previous("d", b.make(ir.Param, "d_0", True))
    error = b.make(ir.Add, (x, b.make(ir.Neg, b.make(ir.Apply, "sigmoid", (canvas,)))))
    encoded = b.previous("e", b.make(ir.Param, "e_0", True))
    e = b.state("e", b.output("enc", [x, error, encoded, decoded]))
    q = b.law("q(z_t|e_t)", "Normal", [e])
    z = b.draw(q, "z")
    d = b.state("d", b.output("dec", [z, decoded]))
    c = b.state("c", b.make(ir.Add, (canvas, b.output("write", [d]))))
    p = b.law_of("p(x|c_T)", "Bernoulli", b.at_step(c, 0))
    starts = tuple(Parameter(name, name, True, (size,)) for name, size in (("c_0", 5), ("d_0", 4), ("e_0", 4)))
    return b.program(
        b.term("log p(x|c_T)", b.mean(b.log(p, x))),
        b.over_time("KL[q(z_t|e_t) || p(z_t)]", b.carrying(b.kl(q, b.standard("p(z_t)", (3,))), e, d, c), -1),
        hypers=(Hyperparameter("T", 3, whole=True),) if steps == "T" else (),
        parameters=starts,
    )


def canvas_from_zero() -> Program:
    """A canvas that is only added to: its start is the number 0."""
    b = TimeBuilder("sum_t log p(x_t|c_t)")
    x = b.data("x", SEQUENCE, support="real")
    c = b.state("c", b.make(ir.Add, (b.previous("c"), b.output("write", [x]))))
    return b.program(b.over_time("log p(x_t|c_t)", b.log(b.law("p(x_t|c_t)", "Normal", [c]), x)))


def particles(product: bool = False) -> Program:
    """The importance-weighted bound over time, of K trajectories; its ``product`` over time as it is written, or the
    sum of its logarithms."""
    b = TimeBuilder("log 1/K sum_k prod_t p(x_t|z_t^k) p(z_t^k|z_{t-1}^k) / q(z_t^k|z_{t-1}^k,x_t)")
    k = Axis("sample", "k", "K")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("z", more=(k,))
    q = b.sized(b.law("q(z_t|z_{t-1},x_t)", "Normal", [before, x]), 3)
    z = b.draw(q, "z", (k,))
    prior, p = b.law("p(z_t|z_{t-1})", "Normal", [before]), b.law("p(x_t|z_t)", "Normal", [z])
    if product:
        ratio = b.make(ir.Div, b.make(ir.Mul, (b.density(p, x), b.density(prior, z))), b.density(q, z))
        weight = b.make(ir.Reduce, "prod", TIME, ratio)
    else:
        log_ratio = b.make(ir.Add, (b.log(p, x), b.log(prior, z), b.make(ir.Neg, b.log(q, z))))
        weight = b.make(ir.Apply, "exp", (b.sum(log_ratio, TIME),))
    bound = b.make(ir.Apply, "log", (b.make(ir.Reduce, "mean", k, weight),))
    return b.program(b.term("bound", b.mean(bound)), hypers=(Hyperparameter("K", 3, whole=True),))


def gamma_chain() -> Program:
    """Positive latents with implicit gradients: the noise is the draw itself, and each reads the one before."""
    b = TimeBuilder("sum_t E_{q(s_t|s_{t-1},x_t)}[log p(x_t|s_t) + log p(s_t|s_{t-1}) - log q(s_t|s_{t-1},x_t)]")
    x = b.data("x", SEQUENCE, support="real")
    before = b.previous("s", 1.0)
    q = b.sized(b.law("q(s_t|s_{t-1},x_t)", "Gamma", [before, x]), 3)
    s = b.draw(q, "s", noise="value")
    return b.program(
        b.over_time("log p(x_t|s_t)", b.log(b.law("p(x_t|s_t)", "Normal", [s]), x)),
        b.over_time("log p(s_t|s_{t-1})", b.log(b.law("p(s_t|s_{t-1})", "Gamma", [before]), s)),
        b.over_time("log q(s_t|s_{t-1},x_t)", b.log(q, s), -1),
    )


def drawn_start() -> Program:
    """z_0 is a draw of its own, given the whole sequence."""
    b = TimeBuilder("E_{q(z_0|x_{1:T}) q(z_t|z_{t-1},x_t)}[sum_t log p(x_t|z_t) - KL[q(z_t|...) || p(z_t|z_{t-1})]]")
    x = b.data("x", SEQUENCE, support="real")
    start = b.draw(b.law("q(z_0|x_{1:T})", "Normal", [b.sequence(x)]), "z_0")
    before = b.previous("z", start)
    q = b.law("q(z_t|z_{t-1},x_t)", "Normal", [before, x])
    z = b.draw(q, "z")
    prior = b.law("p(z_t|z_{t-1})", "Normal", [before])
    return b.program(
        b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)),
        b.over_time("KL[q(z_t|z_{t-1},x_t) || p(z_t|z_{t-1})]", b.kl(q, prior), -1),
    )


def second_order() -> Program:
    """z_t from the two steps before it."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},z_{t-2},x_t)}[log p(x_t|z_t)]")
    x = b.data("x", SEQUENCE, support="real")
    q = b.law("q(z_t|z_{t-1},z_{t-2},x_t)", "Normal", [b.previous("z"), b.previous("z", 0.5, lag=2), x])
    z = b.draw(b.sized(q, 3), "z")
    return b.program(b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)))


def next_states() -> Program:
    """A backward chain of draws, and a sum that reads the step before and the step after of another chain."""
    b = TimeBuilder("sum_t E_{q(b_t|b_{t+1},x_t)}[log p(x_t|b_t,b_{t-1})]")
    x = b.data("x", SEQUENCE, support="real")
    q = b.sized(b.law("q(b_t|b_{t+1},x_t)", "Normal", [b.previous("b", lag=-1), x]), 3)
    drawn = b.draw(q, "b")
    p = b.law("p(x_t|b_t,b_{t-1})", "Normal", [drawn, b.previous("b", 0.25)])
    return b.program(b.over_time("log p(x_t|b_t,b_{t-1})", b.log(p, x)))
