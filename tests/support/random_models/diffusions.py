"""Noise and data on a way between them: losses by squares along it, in steps and in continuous time."""

from __future__ import annotations

from tests.support.random_models.networks import Net
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_steps, _steps, _process, _way))(source)


def _network(source: Source, over: Variables, name: str, entries: int) -> None:
    """A network of a value and of its time."""
    over.bindings[name] = Net({"value": (entries,)}, entries + 1, source.torch, style="tensor")


def _squared(source: Source, left: str, right: str) -> str:
    return source.write.squared_norm(f"{left} - {right}")


def _steps(source: Source) -> Model:
    """``x_t`` of data and noise by a schedule of steps; a network of the noise, the data or a velocity."""
    write, over = source.write, Variables(source)
    over.add("x")
    entries = over.sizes["x"]
    eps, alpha, beta = write.name("epsilon"), write.name("alpha"), write.name("beta")
    bar = rf"\bar{alpha}_t" if write.latex else r"\bar\alpha_t"
    alpha = r"\alpha" if not write.latex else alpha
    beta = r"\beta" if not write.latex else beta
    subscripted = {"plain": "epsilon_theta", "unicode": "ε_θ", "latex": r"\epsilon_\theta"}[write.style]
    net = source.choice((subscripted, "f"))
    _network(source, over, net, entries)
    target = source.choice((eps, eps, "x_0", rf"(\sqrt{{{bar}}} {eps} - \sqrt{{1 - {bar}}} x_0)"))
    weight = source.choice(("", "", f"{beta}_t ", "t ", rf"\frac{{1}}{{1 - {bar}}} "))
    loss = weight + _squared(source, target, f"{net}(x_t, t)")
    text = f"{source.choice((write.optimum('min', net) + ' ', ''))}{write.expectation(['t', 'x_0', eps], loss)}"
    steps = source.whole(3, 9)
    statements = [
        text,
        rf"x_t = \sqrt{{{bar}}} x_0 + \sqrt{{1 - {bar}}} {eps}",
        rf"{bar} = \prod_{{s=1}}^t {alpha}_s",
        f"{alpha}_t = 1 - {beta}_t",
        f"{beta}_t = {source.choice(('0.1', '0.03 t', '0.02 + 0.1 t / T', '0.05 + 0.2 (t - 1) / (T - 1)'))}",
        f"T = {steps}",
        source.choice((r"t \sim \mathcal{U}\{1, T\}", r"t \sim \mathcal{U}\{2, T\}")),
        rf"x_0 \sim p_{{data}}; {eps} \sim \mathcal{{N}}(0, I)",
        rf"x_0 \in \mathbb{{R}}^{entries}",
    ]
    if not text.startswith((r"\min", "min")):
        return Model(statements, over.bindings, {"maximize": False}, source.whole(1, 4))
    return Model(statements, over.bindings, {}, source.whole(1, 4))


def _process(source: Source) -> Model:
    """A declared noise process: its scores, and its bound by steps that are compared with the way back."""
    write, over = source.write, Variables(source)
    over.add("x")
    entries = over.sizes["x"]
    steps = source.whole(2, 4)
    beta = r"\beta" if not write.latex else write.name("beta")
    common = [
        rf"q(x_t|x_{{t-1}}) = \mathcal{{N}}(x_t; \sqrt{{1 - {beta}_t}} x_{{t-1}}, {beta}_t I)",
        f"{beta}_t = {source.choice(('0.1 t', '0.2', '0.05 + 0.1 t'))}; T = {steps}",
        rf"x_0 \in \mathbb{{R}}^{entries}",
    ]
    if source.chance(0.5):
        _network(source, over, "s", entries)
        inner = _squared(source, "s(x_t, t)", r"\nabla_{x_t} \log q(x_t|x_0)")
        scale = source.choice(("", f"{beta}_t ", "0.5 "))
        draws = r"t \sim \mathcal{U}\{1, T\}, x_0 \sim p_{data}, x_t \sim q(x_t|x_0)"
        text = rf"{write.optimum('min', 's')} {write.expectation([draws], scale + inner)}"
        return Model([text, *common], over.bindings, {}, source.whole(1, 4))
    over.bindings["f"] = Net({"value": (entries,)}, entries + 1, source.torch, style="tensor")
    way_back = r"p(x_{t-1}|x_t)"
    divergence = write.divergence("q(x_{t-1}|x_t, x_0)", way_back)
    end = write.divergence("q(x_T|x_0)", "p(x_T)")
    start = write.log("p(x_0|x_1)")
    body = f"{end} + {write.sum('t', '2', 'T', divergence)} - {start}"
    text = f"{write.optimum('min', 'f')} {write.expectation(['q(x_{1:T}|x_0)'], body)}"
    statements = [
        text,
        *common,
        rf"p(x_{{t-1}}|x_t) = \mathcal{{N}}(x_{{t-1}}; f(x_t, t), {beta}_t I)",
        r"p(x_T) = \mathcal{N}(x_T; 0, I); x_0 \sim p_{data}",
    ]
    return Model(statements, over.bindings, {}, source.whole(1, 3))


def _way(source: Source) -> Model:
    """A way from noise to data in continuous time, and a network of what moves along it."""
    write, over = source.write, Variables(source)
    over.add("x")
    entries = over.sizes["x"]
    eps = write.name("epsilon")
    _network(source, over, "v", entries)
    way, target = source.choice(
        (
            (f"x_t = (1 - t) {eps} + t x", f"(x - {eps})"),
            (f"x_t = x + t {eps}", eps),
            (f"x_t = (1 - t) x + 2 t {eps}", "x"),
            (rf"x_t = \cos(t) x + \sin(t) {eps}", rf"(\cos(t) {eps} - \sin(t) x)"),
        )
    )
    weight = source.choice(("", "", "t ", "(1 - t) ", "e^{-t} "))
    loss = weight + _squared(source, "v(x_t, t)", target)
    text = f"{write.optimum('min', 'v')} {write.expectation(['t', 'x', eps], loss)}"
    times = source.choice((r"t \sim \mathcal{U}(0, 1)", r"t \sim U(0.1, 0.9)", r"t \sim \mathrm{Beta}(2, 3)"))
    statements = [
        text,
        way,
        rf"{times}; x \sim p_{{data}}; {eps} \sim \mathcal{{N}}(0, I)",
        rf"x \in \mathbb{{R}}^{entries}",
    ]
    return Model(statements, over.bindings, {}, source.whole(1, 4))
