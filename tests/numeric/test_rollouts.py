"""New steps of sequences: generated code equals loops written by hand with the same networks and noise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.numeric.test_sequences import DIMS, DISCRETE, FORMULAS, discrete_bindings, discrete_networks

N, STEPS, PREFIX = 3, 4, 5


def made(name: str) -> Any:
    torch.manual_seed(0)
    return f2d.compile(FORMULAS[name], scaffold=True, dims=DIMS).double()


def noise(*variables: str, steps: int | None = STEPS) -> dict[str, Tensor]:
    """Standard Normal noise of new steps (of no step: ``None``), by variable."""
    torch.manual_seed(1)
    lead = (N,) if steps is None else (N, steps)
    return {each: torch.randn(*lead, DIMS[each], dtype=torch.float64) for each in variables}


def data(name: str, steps: int = PREFIX) -> Tensor:
    torch.manual_seed(2 + ord(name))
    return torch.randn(N, steps, DIMS[name], dtype=torch.float64)


def zeros(name: str) -> Tensor:
    return torch.zeros(N, DIMS[name], dtype=torch.float64)


def draw(output: Any, eps: Tensor) -> Tensor:
    """A draw of a Normal from what its network returns: loc and scale, or loc alone beside the scale 1."""
    if isinstance(output, dict):
        scale = output["scale"] if "scale" in output else output["log_scale"].exp()
        return output["loc"] + scale * eps
    if isinstance(output, tuple):
        return output[0] + output[1] * eps
    return output + eps


def stacked(steps: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([each[name] for each in steps], 1) for name in steps[0]}


# -- loops by hand -------------------------------------------------------------------------------------


def markov(o: Any, eps: dict[str, Tensor], z: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        z = draw(o.p_z_given_z(z), eps["z"][:, t])
        steps.append({"z": z, "x": draw(o.p_x_given_z(z), eps["x"][:, t])})
    return stacked(steps)


def state_of_draws(o: Any, eps: dict[str, Tensor], h: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        z = draw(o.p_z_given_h(h), eps["z"][:, t])
        x = draw(o.p_x_given_z_h(z, h), eps["x"][:, t])
        h = o.f(x, z, h)
        steps.append({"z": z, "x": x, "h": h})
    return stacked(steps)


def world_model(o: Any, eps: dict[str, Tensor], a: Tensor, h: Tensor, s: Tensor, before: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        h = o.f(h, s, before)
        s = draw(o.p_s_given_h(h), eps["s"][:, t])
        seen = {key: draw(getattr(o, f"p_{key}_given_h_s")(h, s), eps[key][:, t]) for key in ("o", "r")}
        steps.append({"s": s, **seen, "h": h})
        before = a[:, t]
    return stacked(steps)


def driven(o: Any, eps: dict[str, Tensor], u: Tensor, d: Tensor, z: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        d = o.f(d, u[:, t])
        z = draw(o.p_z_given_z_d(z, d), eps["z"][:, t])
        steps.append({"z": z, "x": draw(o.p_x_given_z_d(z, d), eps["x"][:, t]), "d": d})
    return stacked(steps)


def of_one_latent(o: Any, eps: dict[str, Tensor], z: Tensor, h: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        x = draw(o.p_x_given_z_h(z, h), eps["x"][:, t])
        h = o.f(h, x)
        steps.append({"x": x, "h": h})
    return {"z": z, **stacked(steps)}


def autoregressive(o: Any, eps: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    steps = []
    for t in range(STEPS):
        x = draw(o.p_x_given_x(x), eps["x"][:, t])
        steps.append({"x": x})
    return stacked(steps)


# -- from the beginning --------------------------------------------------------------------------------


def test_markov() -> None:
    o, eps = made("Markov, closed"), noise("z", "x")
    assert_close(o.sample(N, T=STEPS, noise=eps), markov(o, eps, zeros("z")))


def test_a_state_of_draws() -> None:
    o, eps = made("state of draws"), noise("z", "x")
    assert_close(o.sample(N, T=STEPS, noise=eps), state_of_draws(o, eps, zeros("h")))


def test_actions_are_given() -> None:
    o, eps, a = made("free nats, rewards and actions"), noise("s", "o", "r"), data("a", STEPS)
    expected = world_model(o, eps, a, zeros("h"), zeros("s"), zeros("a"))
    assert_close(o.sample(a=a, noise=eps), expected)
    assert_close(o.sample(N, T=STEPS, a=a, noise=eps), expected)


def test_inputs_are_given() -> None:
    o, eps, u = made("backward"), noise("z", "x"), data("u", STEPS)
    assert_close(o.sample(u=u, noise=eps), driven(o, eps, u, zeros("d"), zeros("z")))


def test_a_latent_of_the_whole_sequence() -> None:
    o = made("global latent")
    eps = noise("x") | noise("z", steps=None)
    assert_close(o.sample(N, T=STEPS, noise=eps), of_one_latent(o, eps, eps["z"], zeros("h")))


def test_the_step_before() -> None:
    o, eps = made("step before"), noise("x")
    assert_close(o.sample(N, T=STEPS, noise=eps), autoregressive(o, eps, zeros("x")))


def test_a_first_step_of_its_own() -> None:
    """z_1 is standard Normal: its noise itself."""
    o, eps = made("first step"), noise("z", "x")
    z = eps["z"][:, 0]
    steps = [z]
    for t in range(1, STEPS):
        steps.append(draw(o.p_z_given_z(steps[-1]), eps["z"][:, t]))
    found = o.sample(N, T=STEPS, noise=eps)
    assert_close(found["z"], torch.stack(steps, 1))
    assert_close(found["x"], torch.stack([draw(o.p_x_given_z(z), eps["x"][:, t]) for t, z in enumerate(steps)], 1))


def test_means_of_what_nothing_depends_on() -> None:
    o, eps = made("Markov, closed"), noise("z", "x")
    silent = eps | {"x": torch.zeros_like(eps["x"])}
    assert_close(o.sample(N, T=STEPS, noise=eps, mean=True), o.sample(N, T=STEPS, noise=silent))


# -- behind a prefix -----------------------------------------------------------------------------------


def test_filtering_runs_the_posterior() -> None:
    o, h = made("Markov, closed"), data("h")
    eps = noise("z", steps=PREFIX)
    z = zeros("z")
    for t in range(PREFIX):
        z = draw(o.q_z_given_h_z(h[:, t], z), eps["z"][:, t])
    start = o.filter(h=h, noise=eps)
    assert_close(start, {"z": z})
    new = noise("z", "x")
    assert_close(o.sample(T=STEPS, start=start, noise=new), markov(o, new, z))


def test_a_prefix_is_filtered_first() -> None:
    """The posterior's own draws are those of the generator's next numbers."""
    o, x, new = made("state of draws"), data("x"), noise("z", "x")
    torch.manual_seed(7)
    start = o.filter(x=x)
    torch.manual_seed(7)
    assert_close(o.sample(T=STEPS, x=x, noise=new), state_of_draws(o, new, start["h"]))
    assert o.sample(T=2, x=x)["x"].shape == (N, 2, DIMS["x"])


def test_the_last_value_is_carried_on() -> None:
    o, x, new = made("step before"), data("x"), noise("x")
    assert_close(o.sample(T=STEPS, x=x, noise=new), autoregressive(o, new, x[:, -1]))


def test_a_latent_of_the_whole_prefix() -> None:
    o, x, new = made("global latent"), data("x"), noise("x")
    eps = noise("z", steps=None)
    z, h = draw(o.q_z_given_x(x), eps["z"]), zeros("h")
    for t in range(PREFIX):
        h = o.f(h, x[:, t])
    start = o.filter(x=x, noise=eps)
    assert_close(start, {"z": z, "h": h})
    assert_close(o.sample(T=STEPS, start=start, noise=new), of_one_latent(o, new, z, h))


def test_actions_of_the_prefix_and_of_the_new_steps() -> None:
    o, new = made("free nats, rewards and actions"), noise("s", "o", "r")
    seen, a = data("o"), data("a", PREFIX + STEPS)
    torch.manual_seed(7)
    start = o.filter(o=seen, a=a[:, :PREFIX])
    torch.manual_seed(7)
    found = o.sample(o=seen, a=a, noise=new)
    assert_close(found, world_model(o, new, a[:, PREFIX:], start["h"], start["s"], a[:, PREFIX - 1]))


def test_inputs_of_the_prefix_and_of_the_new_steps() -> None:
    o, new = made("backward"), noise("z", "x")
    x, u = data("x"), data("u", PREFIX + STEPS)
    torch.manual_seed(7)
    start = o.filter(x=x, u=u[:, :PREFIX])
    torch.manual_seed(7)
    assert_close(o.sample(x=x, u=u, noise=new), driven(o, new, u[:, PREFIX:], start["d"], start["z"]))


def test_behind_a_prefix_no_step_is_the_first() -> None:
    o, new = made("first step"), noise("z", "x")
    start = {"z": torch.randn(N, DIMS["z"], dtype=torch.float64)}
    assert_close(o.sample(T=STEPS, start=start, noise=new), markov(o, new, start["z"]))


def test_a_first_step_that_nothing_carries() -> None:
    """z_1 is standard Normal, z_t needs no z before it: computed for all steps at once."""
    formula = [
        r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}|z_{1:T})] - KL[q(z_{1:T}|x_{1:T}) || p(z_{1:T})]",
        r"q(z_{1:T}|x_{1:T}) = q(z_1|x_1) \prod_{t=2}^T q(z_t|x_t,h_t)",
        r"p(z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|h_t)",
        "h_t = f(h_{t-1}, u_t)",
    ]
    torch.manual_seed(0)
    o: Any = f2d.compile(formula, scaffold=True, dims=DIMS).double()
    new, u, x = noise("z", "x"), data("u", PREFIX + STEPS), data("x")
    h, values = zeros("h"), []
    for t in range(PREFIX + STEPS):
        h = o.f(h, u[:, t])
        values.append(h)
    z = torch.stack([draw(o.p_z_given_h(values[PREFIX + t]), new["z"][:, t]) for t in range(STEPS)], 1)
    assert_close(o.sample(x=x, u=u, noise=new)["z"], z)
    z = torch.stack([new["z"][:, 0], *(draw(o.p_z_given_h(values[t]), new["z"][:, t]) for t in range(1, STEPS))], 1)
    assert_close(o.sample(u=u[:, :STEPS], noise=new)["z"], z)


def test_prefixes_of_several_lengths() -> None:
    """Each example goes on from its own last step."""
    torch.manual_seed(0)
    o: Any = f2d.compile(FORMULAS["step before"], scaffold=True, dims=DIMS, ragged=True).double()
    x, new, lengths = data("x"), noise("x"), torch.tensor([5, 3, 1])
    last = torch.stack([x[0, 4], x[1, 2], x[2, 0]])
    assert_close(o.sample(T=STEPS, x=x, lengths=lengths, noise=new), autoregressive(o, new, last))


def test_finite_states_are_drawn() -> None:
    o: Any = f2d.compile(
        DISCRETE, discrete_bindings(discrete_networks()), estimators={"s": "straight-through"}, dims={"s": 3}
    )
    x = torch.randn(N, PREFIX, 2, dtype=torch.float64)
    drawn = o.double().sample(T=STEPS, x=x)["s"]
    assert drawn.shape == (N, STEPS, 3)
    assert_close(drawn.sum(-1), torch.ones(N, STEPS, dtype=torch.float64))


# -- refusals ------------------------------------------------------------------------------------------

X = torch.zeros(N, PREFIX, 3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("mean over steps", {"T": 5}, "F2D-0650"),
        ("two steps before", {"T": 5, "x": X}, "F2D-0651"),
        ("two steps before", {"T": 5, "start": {"x": X[:, 0]}}, "F2D-0651"),
        ("particles", {"T": 5, "x": X}, "F2D-0651"),
        ("step before", {"n": 3}, "F2D-0652"),
        ("step before", {"T": 5, "n": 2, "x": X}, "F2D-0652"),
        ("step before", {"T": 5, "y": X}, "F2D-0652"),
        ("step before", {"T": 5, "x": X, "start": {"x": X[:, 0]}}, "F2D-0652"),
        ("step before", {"T": 5, "start": {"z": X[:, 0]}}, "F2D-0652"),
        ("step before", {"T": 5, "start": 3}, "F2D-0652"),
        ("step before", {"T": 0}, "F2D-0708"),
        ("step before", {"T": 5, "x": 1.0}, "F2D-0603"),
        ("backward", {"T": 5}, "F2D-0652"),
        ("backward", {"T": 5, "u": torch.zeros(3, 4, 2)}, "F2D-0652"),
        ("backward", {"x": X, "u": torch.zeros(3, PREFIX, 2)}, "F2D-0652"),
        ("backward", {"x": X}, "F2D-0652"),
        ("free nats, rewards and actions", {"a": torch.zeros(3, 2)}, "F2D-0606"),
        ("state of draws", {"T": 5, "x": X[..., :2]}, "F2D-0606"),
    ],
)
def test_refusals(name: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(FormulaError) as caught:
        made(name).sample(**arguments)
    assert [each.code for each in caught.value.diagnostics] == [code]
    assert not code.startswith("F2D-065") or caught.value.diagnostics[0].hint


# -- the written module --------------------------------------------------------------------------------


def test_the_module_needs_torch_alone(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(made("state of draws").source, encoding="utf-8")
    script = """
import sys, torch, model
networks = model.default_networks({"x": (3,)})
o = model.Objective(**networks)
start = o.filter(torch.zeros(2, 5, 3))
assert o.sample(2, 7, start=start)["x"].shape == (2, 7, 3)
assert o.sample(2, 7)["h"].shape == (2, 7, 4)
assert "formula2dgm" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
