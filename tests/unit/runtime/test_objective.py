"""The objective in memory: what it accepts, refuses, says of itself, and survives."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import subprocess
import sys
from pathlib import Path

import programs
import pytest
import torch
from networks import Gaussian, Logits
from torch import Tensor, nn

from formula2dgm.codegen import generate
from formula2dgm.diagnostics import FormulaError
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build, load_module
from formula2dgm.runtime.objective import Objective

ROOT = Path(__file__).parents[3]


def vae() -> Objective:
    torch.manual_seed(0)
    program = programs.beta_vae()
    return build(program, generate(run_passes(program)), {"q_z_given_x": Gaussian(6, 3), "p_x_given_z": Logits(3, 6)})


def game() -> Objective:
    program = programs.gan()
    return build(program, generate(run_passes(program)), {"D": Logits(6, 1), "G": Logits(3, 6)})


def bits() -> Tensor:
    return torch.bernoulli(torch.full((5, 6), 0.5))


def refusal(call) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        call()
    return caught.value


# -- what it says of itself ----------------------------------------------------------------------------


def test_it_is_the_generated_class() -> None:
    objective = vae()
    assert isinstance(objective, Objective) and isinstance(objective, nn.Module)
    assert type(objective) is not Objective and type(objective).__name__ == "Objective"
    assert inspect.getsource(type(objective)) in objective.source
    assert "kl_q_z_given_x_p_z = kl_normal_standard_mean" in inspect.getsource(objective.forward)
    assert load_module(objective.source).Objective is type(objective)


def test_its_description() -> None:
    objective = vae()
    assert objective.ascii == "E_{q(z|x)}[log p(x|z)] - beta * KL[q(z|x) || p(z)]"
    assert r"\mathbb{E}" in objective.latex and objective._repr_latex_() == f"$$ {objective.latex} $$"
    assert [(each.name, each.support, each.shape) for each in objective.inputs] == [("x", "binary", (6,))]
    assert [(each.name, each.family, each.axes) for each in objective.sites] == [("z", "Normal", ("batch",))]
    assert objective.assumptions == ("the objective is maximised: it adds the log-density of data",)
    assert objective.players == () and objective.diagnostics == ()


def test_its_state_is_that_of_the_written_module() -> None:
    objective = vae()
    namespace: dict = {"__name__": "written"}
    exec(objective.source, namespace)
    written = namespace["Objective"](Gaussian(6, 3), Logits(3, 6))
    assert list(written.state_dict()) == list(objective.state_dict())
    assert written.load_state_dict(objective.state_dict()).missing_keys == []


def test_players() -> None:
    objective = game()
    assert objective.players == ("D", "G")
    assert {id(each) for each in objective.player_parameters("D")} == {id(each) for each in objective.D.parameters()}
    with pytest.raises(ValueError, match="player is one of D, G"):
        objective.player_parameters("E")


def test_a_player_trains_its_own_parameters() -> None:
    objective, x = game(), torch.randn(5, 6)
    noise = objective.example_noise(x=x)
    for player, other in (("D", "G"), ("G", "D")):
        objective.zero_grad()
        objective(x=x, noise=noise, player=player).loss.backward()
        assert all(each.grad is not None and each.grad.abs().max() > 0 for each in objective.player_parameters(player))
        assert all(each.grad is None for each in objective.player_parameters(other))


# -- what it accepts -----------------------------------------------------------------------------------


def test_data_by_keyword_by_mapping_and_in_order() -> None:
    objective, x = vae(), bits()
    noise = objective.example_noise(x=x)
    wanted = objective(x=x, noise=noise).value
    assert torch.equal(objective({"x": x}, noise=noise).value, wanted)
    assert torch.equal(objective(x, noise=noise).value, wanted)
    assert torch.equal(objective({"x": x, "labels": torch.zeros(5)}, noise=noise, epoch=3).value, wanted)


def test_example_batch_and_noise_fit() -> None:
    objective = vae()
    batch = objective.example_batch(7)
    assert batch["x"].shape == (7, 6) and set(batch["x"].unique().tolist()) <= {0.0, 1.0}
    assert objective.example_noise(7)["z"].shape == (7, 3)
    assert objective(**batch, noise=objective.example_noise(7)).loss.dim() == 0


def test_sample_and_reconstruct() -> None:
    objective, x = vae(), bits()
    drawn = objective.sample(8)
    assert drawn["z"].shape == (8, 3) and set(drawn["x"].unique().tolist()) <= {0.0, 1.0}
    z = torch.randn(8, 3)
    means = objective.sample(8, noise={"z": z}, mean=True)
    torch.testing.assert_close(means["x"], torch.sigmoid(objective.p_x_given_z(z)))
    noise = torch.randn(5, 3)
    law = objective.q_z_given_x(x)
    expected = torch.sigmoid(objective.p_x_given_z(law["loc"] + law["log_scale"].exp() * noise))
    torch.testing.assert_close(objective.reconstruct(x, noise={"z": noise})["x"], expected)


# -- what it refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (lambda o: o(), "F2D-0601", "x is missing"),
        (lambda o: o(y=bits()), "F2D-0601", "x is missing"),
        (lambda o: o(x=[1.0]), "F2D-0603", "x is a list"),
        (lambda o: o(x=bits(), noise={"w": torch.zeros(3)}), "F2D-0604", "no draw is named 'w'"),
        (lambda o: o(x=bits()[:, :4]), "F2D-0606", "x has shape (5, 4), but is [batch, 6]"),
        (lambda o: o(x=bits() * 2), "F2D-0607", "x must be 0 or 1"),
        (lambda o: o(x=bits(), player="D"), "F2D-0602", "no player is named 'D'"),
    ],
)
def test_refusals(call, code: str, words: str) -> None:
    error = refusal(lambda: call(vae()))
    assert [each.code for each in error.diagnostics] == [code]
    assert words in str(error)


def test_several_players_need_a_choice() -> None:
    error = refusal(lambda: game()(x=torch.randn(5, 6)))
    assert error.diagnostics[0].code == "F2D-0602" and "player='D' or player='G'" in str(error)


def test_batches_that_do_not_meet() -> None:
    program = programs.conditional()
    networks = {"q_z_given_x_y": Gaussian(8, 3), "p_z_given_y": Gaussian(2, 3), "p_x_given_z_y": Logits(5, 6)}
    objective = build(program, generate(run_passes(program)), networks)
    error = refusal(lambda: objective(x=bits(), y=torch.randn(4, 2)))
    assert error.diagnostics[0].code == "F2D-0605"
    assert "y has 4 along batch, but x has 5" in str(error)


def test_a_failed_check_points_into_the_formula() -> None:
    objective = vae()
    objective.p_x_given_z = Logits(3, 5)
    error = refusal(lambda: objective(x=bits()))
    assert error.diagnostics[0].code == "F2D-0607"
    assert error.diagnostics[0].span is not None and error.diagnostics[0].span.text == "log p(x|z)"
    assert "x has event shape (6,), but the logits of p(x|z) have event shape (5,)" in str(error)


def test_the_first_batch_alone_is_checked() -> None:
    objective = vae()
    objective(x=bits())
    assert objective(x=bits() * 2).loss.isfinite()


def test_a_network_that_does_not_fit_its_input_is_refused_with_the_place() -> None:
    objective = vae()
    objective.p_x_given_z = Logits(4, 6)
    (found,) = refusal(lambda: objective(x=bits())).diagnostics
    assert found.code == "F2D-0612" and "cannot be multiplied" in found.message
    assert found.span is not None and found.span.text == "p(x|z)"


def test_an_error_of_a_network_stays_what_it_is() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ValueError("mine")

    objective = vae()
    objective.p_x_given_z = Broken()
    with pytest.raises(ValueError, match="mine") as caught:
        objective(x=bits())
    assert type(caught.value) is ValueError and caught.value.__notes__


# -- what it survives ----------------------------------------------------------------------------------


def test_copies_and_pickles() -> None:
    objective, x = vae(), bits()
    noise = objective.example_noise(x=x)
    wanted = objective(x=x, noise=noise).loss
    buffer = io.BytesIO()
    torch.save(objective, buffer)
    buffer.seek(0)
    copies = [
        copy.deepcopy(objective),
        pickle.loads(pickle.dumps(objective)),
        torch.load(buffer, weights_only=False),
    ]
    for each in copies:
        assert type(each) is type(objective) and each.ascii == objective.ascii
        assert torch.equal(each(x=x, noise=noise).loss, wanted)
        each.p_x_given_z.layer.bias.data += 1
    assert torch.equal(objective(x=x, noise=noise).loss, wanted), "a copy has its own weights"


def test_a_pickle_is_read_in_a_fresh_process(tmp_path: Path) -> None:
    objective, x = vae(), bits()
    noise = objective.example_noise(x=x)
    (tmp_path / "objective.pkl").write_bytes(pickle.dumps((objective, x, noise)))
    command = (
        "import pickle, sys; objective, x, noise = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(repr(objective(x=x, noise=noise).loss.item()))"
    )
    path = f"{ROOT}:{ROOT / 'tests' / 'numeric'}"
    done = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "objective.pkl")],
        capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == objective(x=x, noise=noise).loss.item()


@pytest.mark.parametrize("whole", [True, False])
def test_torch_compile_takes_it_in_one_graph(whole: bool) -> None:
    objective, x = vae(), bits()
    noise = objective.example_noise(x=x)
    wanted = objective(x=x, noise=noise)
    wanted.loss.backward()
    gradients = [each.grad.clone() for each in objective.parameters()]
    objective.zero_grad()
    if whole:
        compiled = torch.compile(objective, fullgraph=True, backend="aot_eager")
    else:
        objective.compile(fullgraph=True, backend="aot_eager")
        compiled = objective
    found = compiled(x=x, noise=noise)
    torch.testing.assert_close(found.loss, wanted.loss)
    found.loss.backward()
    for each, gradient in zip(objective.parameters(), gradients, strict=True):
        torch.testing.assert_close(each.grad, gradient)
    assert compiled(x=x).loss.isfinite()


def test_compile_in_place_leaves_the_first_batch_checked() -> None:
    objective = vae()
    objective.compile(fullgraph=True, backend="eager")
    assert refusal(lambda: objective(x=bits() * 2)).diagnostics[0].code == "F2D-0607"


@pytest.mark.parametrize("make", ["iwae", "enumerated"])
def test_several_axes_compile_in_one_graph(make: str) -> None:
    program = getattr(programs, make)()
    nets = {
        "iwae": {"q_z_given_x": Gaussian(6, 3), "p_x_given_z": Logits(3, 6)},
        "enumerated": {"q_y_given_x": Logits(6, 4), "q_z_given_x_y": Gaussian(10, 3), "p_x_given_z_y": Logits(7, 6)},
    }[make]
    objective, x = build(program, generate(run_passes(program)), nets), bits()
    noise = objective.example_noise(x=x)
    wanted = objective(x=x, noise=noise).loss
    compiled = torch.compile(objective, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x=x, noise=noise).loss, wanted)


def test_the_game_compiles_in_one_graph() -> None:
    objective, x = game(), torch.randn(5, 6)
    noise = objective.example_noise(x=x)
    for player in objective.players:
        wanted = objective(x=x, noise=noise, player=player).loss
        compiled = torch.compile(objective, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x=x, noise=noise, player=player).loss, wanted)
