"""What a trained objective gives away: other bounds, encoders, weights as safetensors, networks as programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d

PAPER = [
    r"z \in \mathbb{R}^3",
    r"p(z) = \mathcal{N}(z; 0, 4 I)",
    r"q_\phi(z|x) = \mathcal{N}(z; \mu_\phi(x), \mathrm{diag}(\sigma_\phi^2(x)))",
    r"p_\theta(x|z) = \mathcal{N}(x; f_\theta(z), \sigma^2 I)",
    r"\sigma = 0.5",
    r"\mathbb{E}_{q_\phi(z|x)}[\log p_\theta(x|z)] - \mathrm{KL}[q_\phi(z|x) \| p(z)]",
]


def vae() -> f2d.Objective:
    torch.manual_seed(0)
    return f2d.compile(PAPER, scaffold=True, dims={"x": 4})


# -- the same model by another formula -----------------------------------------------------------------


def test_another_bound_has_the_definitions_that_it_needs() -> None:
    """The prior has variance 4 and the likelihood 0.25, as the first formula says and the second does not."""
    model, x = vae(), torch.randn(6, 4)
    joint = f2d.compile(r"\mathbb{E}_{q_\phi(z|x)}[\log p(z) + \log p_\theta(x|z)]", weights_of=model)
    z = torch.randn(6, 3)
    out = joint(x=x, noise={"z": z})
    with torch.no_grad():
        heads = model.q_phi_z_given_x(x)
        drawn = heads["mu_phi"] + heads["sigma_phi"] * z
        prior = torch.distributions.Normal(0.0, 2.0).log_prob(drawn).sum(-1).mean()
        likelihood = torch.distributions.Normal(model.f_theta(drawn), 0.5).log_prob(x).sum(-1).mean()
    torch.testing.assert_close(out.terms["log p(z)"], prior)
    torch.testing.assert_close(out.terms["log p_theta(x|z)"], likelihood)


def test_a_definition_of_its_own_comes_before_the_models() -> None:
    model = vae()
    wide = f2d.compile([r"\mathbb{E}_{q_\phi(z|x)}[\log p(z)]", r"p(z) = \mathcal{N}(z; 0, 9 I)"], weights_of=model)
    z, x = torch.randn(6, 3), torch.randn(6, 4)
    with torch.no_grad():
        heads = model.q_phi_z_given_x(x)
        drawn = heads["mu_phi"] + heads["sigma_phi"] * z
    expected = torch.distributions.Normal(0.0, 3.0).log_prob(drawn).sum(-1).mean()
    torch.testing.assert_close(wide(x=x, noise={"z": z}).value, expected)


def test_the_encoder_of_a_model_is_a_distribution_with_its_networks() -> None:
    model, x = vae(), torch.randn(6, 4)
    posterior = f2d.distribution("q(z|x)", weights_of=model)
    params, heads = posterior.params(x=x), model.q_phi_z_given_x(x)
    assert torch.equal(params["loc"], heads["mu_phi"]) and torch.equal(params["scale"], heads["sigma_phi"])
    assert posterior.sample(5, x=x)["z"].shape == (5, 6, 3)
    decoder = f2d.distribution("p_theta(x|z) p(z)", weights_of=model)
    values = {"x": x, "z": torch.randn(6, 3)}
    torch.testing.assert_close(decoder.log_prob(**values), model.log_prob(**values))
    with pytest.raises(f2d.FormulaError, match=r"F2D-0708.*r\(z\|x\)"):
        f2d.distribution("r(z|x)", weights_of=model)
    with pytest.raises(f2d.FormulaError, match="F2D-0708.*weights_of is a Linear"):
        f2d.distribution("q(z|x)", weights_of=nn.Linear(2, 2))  # type: ignore[arg-type]


# -- weights ------------------------------------------------------------------------------------------


def test_weights_go_through_a_file(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    model, other, file = vae(), vae(), tmp_path / "weights.safetensors"
    with torch.no_grad():
        for weight in other.parameters():
            weight.fill_(7)
    model.save_networks(file)
    with safetensors.safe_open(file, "pt") as opened:
        assert set(opened.keys()) == set(model.state_dict())
        assert opened.metadata()["formula"] == model.ascii
    other.load_networks(file)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in other.state_dict().items())
    larger = f2d.compile(PAPER, scaffold=True, dims={"x": 5})
    with pytest.raises(f2d.FormulaError, match="F2D-0692.*does not hold the weights"):
        larger.load_networks(file)
    with pytest.raises(f2d.FormulaError, match="F2D-0692"):
        model.save_networks(tmp_path / "none" / "weights.safetensors")


def test_without_the_package_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(f2d.FormulaError, match="F2D-0692.*need the package safetensors"):
        vae().save_networks(tmp_path / "weights.safetensors")


# -- programs -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_networks_become_programs_for_any_number_of_examples(tmp_path: Path) -> None:
    model = vae()
    files = model.export_networks(tmp_path)
    assert [each.name for each in files] == ["q_phi_z_given_x.pt2", "f_theta.pt2"] and model.training
    encoder, decoder = (torch.export.load(each).module() for each in files)
    for count in (2, 9, 64):
        x, z = torch.randn(count, 4), torch.randn(count, 3)
        torch.testing.assert_close(encoder(x), model.q_phi_z_given_x(x))
        torch.testing.assert_close(decoder(z), model.f_theta(z))


class Branching(nn.Module):
    def forward(self, y: Tensor) -> Tensor:
        return y if y.sum() > 0 else -y


class Drawing(nn.Module):
    def forward(self, y: Tensor) -> Tensor:
        return y + torch.randn_like(y)


@pytest.mark.parametrize(
    ("network", "message"),
    [(Branching(), "is no program for torch.export"), (Drawing(), "returns other numbers at 5 examples: does it draw")],
)
def test_a_network_that_is_no_program_is_refused(network: nn.Module, message: str, tmp_path: Path) -> None:
    objective = f2d.compile("log p(x|y)", {"p(x|y)": f2d.Normal(loc=network, scale=1.0)}, dims={"x": 2, "y": 2})
    with pytest.raises(f2d.FormulaError, match=f"F2D-0693.*{message}"):
        objective.export_networks(tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_example_does_not_say_what_is_free(tmp_path: Path) -> None:
    objective = f2d.compile("log p(x|y)", {"p(x|y)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0)})
    with pytest.raises(f2d.FormulaError, match="F2D-0693.*two examples"):
        objective.export_networks(tmp_path, x=torch.zeros(1, 2), y=torch.zeros(1, 2))


# -- defaults -----------------------------------------------------------------------------------------

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("beta_vae", "q_phi(z|x)"),
        ("conditional_vae", "q_phi(z|x, y)"),
        ("hierarchical_vae", "p_theta(z_1|z_2)"),
        ("jmvae", "q_phi(z|x, y)"),
        ("jmvae", "q_phi(z|y)"),
        ("information_bottleneck", "q(y|z)"),
    ],
)
def test_a_default_is_the_same_alone_as_in_its_model(name: str, label: str) -> None:
    """Alone, ``q(z|x)`` would be a Normal with standard deviation 1 around a network."""
    model = f2d.compile(EXAMPLES / f"{name}.tex").eval()
    alone = f2d.distribution(label, weights_of=model)
    network = next(each for each in model.program.networks if each.label == label)
    given: dict[str, Tensor] = {}
    sizes = {"z": 16, "z_2": 8, "z_1": 16}
    batch = model.example_batch(5)
    for each in network.inputs:
        given[each] = batch[each] if each in batch else torch.randn(5, *alone_shape(model, each, sizes))
    params = alone.params(**given)
    answer = getattr(model, network.name)(*given.values())
    found = answer if isinstance(answer, dict) else {"logits": answer}
    assert params.keys() == found.keys() and all(torch.equal(params[each], found[each]) for each in found)


def alone_shape(model: f2d.Objective, name: str, sizes: dict[str, int]) -> tuple[int, ...]:
    scaffolds = [each.scaffold.inputs for each in model.program.networks if each.scaffold is not None]
    shapes = {each: shape for inputs in scaffolds for each, shape in inputs}
    shape = shapes.get(name)
    return shape if isinstance(shape, tuple) else (sizes[name],)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.tex")), ids=lambda path: path.stem)
def test_the_same_formula_around_the_same_networks_is_the_same_objective(path: Path) -> None:
    one = f2d.compile(path).eval()
    other = f2d.compile(list(map(str, one.program.statements)), weights_of=one).eval()
    batch = one.example_batch(4)
    for player in one.players if len(one.players) > 1 else (None,):
        chosen = {} if player is None else {"player": player}
        torch.manual_seed(0)
        wanted = one(batch, **chosen).loss
        torch.manual_seed(0)
        assert torch.equal(other(batch, **chosen).loss, wanted)


def test_another_default_of_constants_is_that_of_the_model() -> None:
    model = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", scaffold=True, dims={"x": 4, "z": 2})
    prior = f2d.distribution("p(z)", weights_of=model)
    assert torch.allclose(
        prior.log_prob(z=torch.zeros(1, 2)), torch.distributions.Normal(0, 1).log_prob(torch.zeros(2)).sum()
    )
    assert not prior.diagnostics  # nothing is said of what the model binds besides


def test_a_density_that_the_model_does_not_have_is_refused() -> None:
    """log p(x) alone would be that of a standard Normal, which nobody trained."""
    model = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", scaffold=True, dims={"x": 4, "z": 2})
    for text in ("log p(x)", "E_q(z|x)[log p(x|z) + log p(u)]"):
        with pytest.raises(f2d.FormulaError, match=r"F2D-0708.*p\([xu]\) is no density of the model"):
            f2d.compile(text, weights_of=model, dims={"u": 2})
    with pytest.raises(f2d.FormulaError, match=r"F2D-0708.*q\(z\) is no density of the model"):
        f2d.distribution("q(z)", weights_of=model)
    own = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=torch.zeros(4), scale=1.0)}, weights_of=model)
    assert own(x=torch.zeros(2, 4)).value.isfinite()


def test_a_default_that_is_no_binding_is_refused_where_it_would_be_another() -> None:
    model = f2d.compile(EXAMPLES / "mvae.tex")
    with pytest.raises(f2d.FormulaError, match="F2D-0708.*another default"):
        f2d.distribution(r"\tilde q_\phi(z|x)", weights_of=model)
