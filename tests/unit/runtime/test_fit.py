"""``f2d.fit`` on compiled formulas against loops written by hand, bit for bit."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.runtime.batches import streams_of

GAME = [
    r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]",
    r"\theta_D \in [-0.05, 0.05]",
]


def game() -> tuple[f2d.Objective, nn.Module, nn.Module]:
    torch.manual_seed(0)
    critic, generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), nn.Linear(2, 3)
    prior = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
    return f2d.compile(GAME, {"D": critic, "G": generator, "p(z)": prior}), critic, generator


def same(left: nn.Module, right: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


def test_alternate_steps_are_those_of_the_loop_by_hand() -> None:
    """Three critic steps on batches of their own, then both on the last one; betas and rates by player; clipping."""
    objective, critic, generator = game()
    own_critic, own_generator = copy.deepcopy(critic), copy.deepcopy(generator)
    x = torch.randn(96, 3)
    adam = partial(torch.optim.Adam, betas=(0.5, 0.9))

    torch.manual_seed(1)
    f2d.fit(
        objective,
        x,
        epochs=2,
        batch_size=16,
        steps={"D": 3},
        lr={"D": 4e-3, "G": 1e-3},
        optimizer={"D": adam, "G": torch.optim.SGD},
        seed=7,
        progress=False,
    )

    torch.manual_seed(1)
    order = torch.Generator().manual_seed(7)
    d_steps, g_steps = adam(own_critic.parameters(), lr=4e-3), torch.optim.SGD(own_generator.parameters(), lr=1e-3)
    turn = 0
    for _ in range(2):
        for rows in torch.randperm(96, generator=order).split(16):
            with torch.no_grad():
                fake = own_generator(torch.randn(16, 2))
            loss = -(own_critic(x[rows]).mean() - own_critic(fake).mean())
            d_steps.zero_grad()
            loss.backward()
            d_steps.step()
            with torch.no_grad():
                for each in own_critic.parameters():
                    each.clamp_(-0.05, 0.05)
            turn += 1
            if turn % 3 == 0:
                loss = -own_critic(own_generator(torch.randn(16, 2))).mean()
                g_steps.zero_grad()
                loss.backward()
                g_steps.step()
    assert same(critic, own_critic) and same(generator, own_generator)


def streams() -> tuple[f2d.Objective, dict[str, Tensor]]:
    model = {
        "p(x)": f2d.Normal(loc=nn.Parameter(torch.zeros(2)), scale=1.0),
        "p(y)": f2d.Normal(loc=nn.Parameter(torch.zeros(2)), scale=1.0),
    }
    objective = f2d.compile(r"\log p(x) + \log p(y)", model)
    return objective, {"x": torch.arange(8.0)[:, None].expand(8, 2), "y": torch.arange(40.0)[:, None].expand(40, 2)}


def seen(objective: f2d.Objective, data: dict[str, Tensor], **options: object) -> list[dict[str, list[float]]]:
    """The first number of each example that every batch holds."""
    batches: list[dict[str, list[float]]] = []
    objective.register_forward_pre_hook(
        lambda _, args, kwargs: batches.append({name: kwargs[name][:, 0].tolist() for name in data}), with_kwargs=True
    )
    f2d.fit(objective, data, progress=False, **options)  # type: ignore[arg-type]
    return batches


def test_a_shorter_stream_begins_again_in_a_new_order() -> None:
    batches = seen(*streams(), epochs=1, batch_size=8)
    assert [len(each["x"]) for each in batches] == [8] * 5
    assert sorted(value for each in batches for value in each["y"]) == list(range(40))
    assert all(sorted(each["x"]) == list(range(8)) for each in batches)
    assert batches[0]["x"] != batches[1]["x"]


def test_each_stream_has_its_batch_size() -> None:
    batches = seen(*streams(), epochs=1, batch_size={"x": 2, "y": 20})
    assert [(len(each["x"]), len(each["y"])) for each in batches] == [(2, 20)] * 4  # the x are passed once
    assert len({value for each in batches for value in each["x"]}) == 8


def test_rows_of_one_stream_differ_in_number() -> None:
    objective = f2d.compile("log p(x|y)", {"p(x|y)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0)})
    with pytest.raises(f2d.FormulaError, match="F2D-0681.*rows of one batch"):
        f2d.fit(objective, {"x": torch.zeros(5, 2), "y": torch.zeros(4, 2)})


def test_an_unknown_player_is_refused() -> None:
    objective, _, _ = game()
    with pytest.raises(f2d.FormulaError, match="F2D-0602"):
        f2d.fit(objective, torch.zeros(8, 3), steps={"critic": 5})


def test_a_formula_without_data_is_trained_on_its_draws() -> None:
    net = nn.Linear(2, 2)
    objective = f2d.compile(
        r"\min_\theta E_{p(z)}[\|f_\theta(z)\|^2]",
        {"f_theta": net, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)},
    )
    history = f2d.fit(objective, epochs=3, lr=0.05, epoch_steps=30, progress=False)
    assert history[-1]["loss"] < 0.05 * history[0]["loss"]


def vae() -> f2d.Objective:
    torch.manual_seed(0)
    return f2d.compile(r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)\|p(z)]", {}, scaffold=True, dims={"x": 4, "z": 2})


IWAE = r"E_{z_{1:K} \sim q(z|x)}\left[\log\frac1K\sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}\right]"


def test_a_trained_model_is_measured_by_another_bound() -> None:
    objective = vae()
    bound = f2d.compile(IWAE, {"K": 200}, weights_of=objective)
    for each in objective.program.networks:
        assert getattr(bound, each.name) is getattr(objective, each.name)
    x = torch.randn(64, 4)
    history = f2d.fit(objective, x, epochs=2, validation=x, evaluate={"IWAE": bound}, progress=False)
    assert history[-1]["validation: value"] < history[-1]["IWAE"]  # a tighter bound on the same weights
    assert history[-1]["IWAE"] == f2d.evaluate(bound, x)["value"]


def test_a_network_that_was_never_trained_is_refused() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0708"):
        f2d.compile(r"\log r(x|y)", {}, weights_of=vae())


def test_the_mean_over_data_does_not_depend_on_the_batches() -> None:
    model = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)})
    x = torch.randn(10, 2)
    whole = model(x=x).value.item()
    for size in (1, 3, 10):
        assert f2d.evaluate(model, x, batch_size=size)["value"] == pytest.approx(whole, rel=1e-5)


def test_evaluating_leaves_the_random_state_and_the_mode() -> None:
    objective = vae()
    state = torch.get_rng_state()
    first = f2d.evaluate(objective, torch.zeros(8, 4))
    assert torch.equal(state, torch.get_rng_state()) and objective.training
    assert first == f2d.evaluate(objective, torch.zeros(8, 4))


def test_a_callback_ends_the_training() -> None:
    epochs: list[int] = []

    def stop(epoch: int, entry: dict[str, float]) -> bool:
        epochs.append(epoch)
        return epoch == 2 and "loss" in entry

    assert len(f2d.fit(vae(), torch.randn(64, 4), epochs=9, callback=stop, progress=False)) == 2
    assert epochs == [1, 2]


def test_an_objective_and_its_copies_keep_what_they_were_compiled_with() -> None:
    twin = copy.deepcopy(f2d.compile("log p(x|y)", {"p(x|y)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0)}))
    again = f2d.compile("log p(x|y)", weights_of=twin)
    assert next(again.children()) is next(twin.children())


def test_an_array_in_a_file_is_read_batch_by_batch(tmp_path) -> None:
    """The same steps as in memory, and no copy of the whole."""
    x = torch.randn(96, 3)
    np.save(tmp_path / "x.npy", x.numpy())
    mapped = np.load(tmp_path / "x.npy", mmap_mode="c")
    losses = []
    for data in (x, mapped):
        objective, _, _ = game()
        torch.manual_seed(1)
        losses.append(f2d.fit(objective, {"x": data}, epochs=2, batch_size=16, progress=False).curve("D: loss"))
    assert losses[0] == losses[1]
    (stream,) = streams_of(objective, {"x": mapped}, 16)
    assert stream.data["x"].data_ptr() == mapped.ctypes.data
