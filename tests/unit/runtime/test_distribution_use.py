"""f2d.distribution in use: shared weights, copies, written modules, and what it refuses."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm.runtime.distribution import Distribution


def latent() -> Distribution:
    return f2d.distribution(
        "p(x|z) p(z)",
        {
            "p(x|z)": f2d.Normal(loc=nn.Linear(2, 3), scale=0.5),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        },
    )


def refusal(call: object, *args: object, **values: object) -> tuple[str, str]:
    """The code of a refusal, and the piece of the formula that it points at."""
    with pytest.raises(f2d.FormulaError) as caught:
        call(*args, **values)  # type: ignore[operator]
    (found,) = [each for each in caught.value.diagnostics if each.severity == "error"]
    return found.code, found.span.text if found.span else ""


# -- weights -------------------------------------------------------------------------------------------


def test_made_distributions_share_weights() -> None:
    d = latent()
    weights = [id(each) for each in d.parameters()]
    for made in (d.rename(x="x_u"), d.marginalize("z"), d.rename({"z": "w"}).marginalize("w")):
        assert [id(each) for each in made.parameters()] == weights
    d.rename(x="y").log_prob(y=torch.zeros(1, 3), z=torch.ones(1, 2)).sum().backward()
    assert all(each.grad is not None for each in d.parameters())


def test_made_distributions_keep_hyperparameters() -> None:
    d = f2d.distribution(["p(x|z)", "p(x|z) = N(x; z, s^2 I)"], {"s": 0.5})
    d.s = 2.0
    made = d.rename(x="y").variance(z=torch.zeros(1, 2))
    torch.testing.assert_close(made, torch.full((1, 2), 4.0))
    torch.testing.assert_close(d.variance(z=torch.zeros(1, 2), s=3.0), torch.full((1, 2), 9.0))


def test_names_are_exchanged() -> None:
    d = f2d.distribution("p(x|z)", {"p(x|z)": f2d.Normal(loc="z", scale=1.0)}).rename(x="z", z="x")
    assert d.ascii == "p(z|x)"
    torch.testing.assert_close(d.mean(x=torch.ones(1, 2)), torch.ones(1, 2))


def test_copies() -> None:
    d, values = latent(), {"x": torch.zeros(2, 3), "z": torch.zeros(2, 2)}
    expected = d.log_prob(**values)
    for made in (copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
        torch.testing.assert_close(made.log_prob(**values), expected)
        assert made.rename(x="y").ascii == "p(y|z) p(z)"


def test_a_random_layer_of_one_example_is_left_alone() -> None:
    """Batch normalisation in training cannot take one example; asking for shapes must not feed it one."""
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    d = f2d.distribution("p(x|z)", {"p(x|z)": f2d.Normal(loc=network, scale=1.0)})
    before = network[1].running_mean.clone()
    assert d.log_prob(x=torch.zeros(5, 4, 3), z=torch.randn(4, 2)).shape == (5, 4)
    assert d.training and network.training
    assert not torch.equal(before, network[1].running_mean)


# -- the written module --------------------------------------------------------------------------------


def test_the_module_needs_torch_alone(tmp_path: Path) -> None:
    d = f2d.distribution("p(x)", {"p(x)": f2d.Normal(loc=1.0, scale=2.0, event_shape=3)})
    d.save(tmp_path / "prior.py")
    code = (
        "import sys, torch; from prior import Distribution; d = Distribution();"
        "print(d.log_prob(x=torch.ones(2, 3)).tolist(), d.sample(4)['x'].shape, d.mean().tolist());"
        "assert not any(each.startswith('formula2dgm') for each in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = d.log_prob(x=torch.ones(2, 3)).tolist()
    assert done.stdout.strip() == f"{expected} torch.Size([4, 3]) [1.0, 1.0, 1.0]"


def test_the_written_module_gives_the_reasons_of_its_refusals() -> None:
    namespace: dict[str, object] = {"__name__": "written"}
    exec(latent().source, namespace)
    with pytest.raises(ValueError, match="depends on z, which is drawn"):
        namespace["Distribution"](nn.Linear(2, 3)).mean()  # type: ignore[operator]


def test_the_graph_and_the_text() -> None:
    d = latent()
    assert dict(d.graph.nodes(data="kind")) == {"z": "latent", "x": "latent"}
    assert list(d.graph.edges()) == [("z", "x")]
    assert dict(d.rename(x="y").graph.nodes(data="kind")) == {"z": "latent", "y": "latent"}
    text = d.explain()
    assert text.index("z ~ p(z): Normal") < text.index("x ~ p(x|z): Normal")
    assert "no mean: the mean of x depends on z, which is drawn" in text


# -- refusals ------------------------------------------------------------------------------------------


def test_what_a_joint_does_not_answer() -> None:
    d = latent()
    assert refusal(d.mean) == ("F2D-0440", "p(x|z)")
    assert refusal(d.params) == ("F2D-0440", "p(x|z)")
    assert refusal(d.entropy) == ("F2D-0441", "p(x|z)")
    assert refusal(d.marginalize("z").log_prob, x=torch.zeros(1, 3)) == ("F2D-0442", "p(z)")
    assert refusal(d.sample, 5, x=torch.zeros(1, 3)) == ("F2D-0444", "p(x|z)")
    assert refusal(d.mean, x=torch.zeros(1, 3), z=torch.zeros(1, 2)) == ("F2D-0444", "")


def test_names_that_are_wrong() -> None:
    d = latent()
    assert refusal(d.rename, y="w") == ("F2D-0445", "")
    assert refusal(d.rename, x="z") == ("F2D-0445", "")
    assert refusal(d.rename, x="1 + 2") == ("F2D-0445", "")
    assert refusal(d.marginalize, "y") == ("F2D-0445", "")
    assert refusal(d.marginalize, "x", "z") == ("F2D-0445", "")
    assert refusal(d.sample, 2, zz=torch.zeros(1, 2)) == ("F2D-0445", "")


def test_values_that_are_wrong() -> None:
    d = latent()
    assert refusal(d.sample, 0) == ("F2D-0708", "")
    assert refusal(d.log_prob, x=torch.zeros(1, 3)) == ("F2D-0601", "z")
    assert refusal(d.log_prob, x=torch.zeros(1, 3), z=2.0) == ("F2D-0603", "z")
    assert refusal(d.log_prob, x=torch.zeros(1, 3), z=torch.zeros(1, 5)) == ("F2D-0606", "z")


def test_what_nothing_sizes() -> None:
    d = f2d.distribution("p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0)})
    for call in (d.sample, d.mean, d.variance, d.entropy):
        assert refusal(call) == ("F2D-0610", "p(x)")


def test_categories_have_no_mean() -> None:
    d = f2d.distribution("p(y)", {"p(y)": f2d.Categorical(logits=torch.zeros(3))})
    assert refusal(d.mean) == ("F2D-0446", "p(y)")
    assert list(d.params()) == ["logits"]


NORMAL = f2d.Normal(loc=0.0, scale=1.0)


@pytest.mark.parametrize(
    ("text", "bindings", "code"),
    [
        ("log p(x)", {"p(x)": NORMAL}, "F2D-0443"),
        ("p(x) / p(z)", {"p(x)": NORMAL, "p(z)": NORMAL}, "F2D-0443"),
        (["p(x)", "p(z)"], {"p(x)": NORMAL, "p(z)": NORMAL}, "F2D-0443"),
        ("p(x|z) p(z=1)", {"p(x|z)": f2d.Normal(loc="z", scale=1.0), "p(z)": NORMAL}, "F2D-0443"),
        (r"\int p(x) dx", {"p(x)": NORMAL}, "F2D-0443"),
        ("p(x|z) p(x)", {"p(x|z)": f2d.Normal(loc="z", scale=1.0), "p(x)": NORMAL}, "F2D-0307"),
        (
            "p(x|z) p(z|x)",
            {"p(x|z)": f2d.Normal(loc="z", scale=1.0), "p(z|x)": f2d.Normal(loc="x", scale=1.0)},
            "F2D-0308",
        ),
    ],
)
def test_no_distributions(text: str | list[str], bindings: dict[str, object], code: str) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.distribution(text, bindings)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_networks_called_like_methods_are_renamed() -> None:
    net, z = nn.Linear(2, 3), torch.ones(4, 2)
    d = f2d.distribution(["p(x|z)", "p(x|z) = N(x; sample(z), I)"], {"sample": net})
    torch.testing.assert_close(d.mean(z=z), net(z))
    assert d.sample(5, z=z)["x"].shape == (5, 4, 3)
    assert d.sample_net is net


def test_densities_known_by_their_logarithm() -> None:
    d = f2d.distribution(r"p(x) \propto \exp(-||x||^2)")
    torch.testing.assert_close(d.log_prob(x=torch.ones(2, 3)), torch.full((2,), -3.0))
    for call in (d.sample, d.mean, d.params):
        assert refusal(call)[0] == "F2D-0447"
    assert any("unnormalised" in each for each in d.assumptions)


def test_an_objective_without_a_model() -> None:
    objective = f2d.compile(r"\min ||y - f(x)||^2", {"f": nn.Linear(2, 2)})
    assert refusal(objective.log_prob, x=torch.zeros(1, 2), y=torch.zeros(1, 2)) == ("F2D-0611", "")


def test_an_objective_whose_model_is_given_data() -> None:
    objective = f2d.compile(r"\max log p(y|x)", {"p(y|x)": f2d.Normal(loc="x", scale=1.0)})
    x = torch.ones(4, 2)
    assert objective.sample(3, x=x)["y"].shape == (3, 4, 2)
    torch.testing.assert_close(objective.log_prob(x=x, y=x).mean(), objective(x=x, y=x).value)
    assert refusal(objective.sample, 3)[0] == "F2D-0601"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (r"p(x) = \int p(x|z) p(z) \, dz", {"x": (4, 3)}),
        (r"p_\theta(x, z) = p_\theta(x|z) p(z)", {"x": (4, 3), "z": (4, 2)}),
        (r"p(x, y, z) = p(z) p(x|z) p(y|z)", {"x": (4, 3), "y": (4, 5), "z": (4, 2)}),
        (r"p(z) = \mathcal{N}(0, I)", {"z": (4, 2)}),
        (r"N(z; 0, I)", {"z": (4, 2)}),
    ],
)
def test_distributions_as_papers_write_them(text: str, variables: dict[str, tuple[int, ...]]) -> None:
    d = f2d.distribution(text, scaffold=True, dims={"x": 3, "y": 5, "z": 2})
    drawn = d.sample(4)
    assert list(drawn) == list(variables)
    assert {name: tuple(each.shape) for name, each in drawn.items()} == variables


def test_an_encoder_as_papers_write_it() -> None:
    text = r"q_\phi(z|x) = \mathcal{N}(z; \mu_\phi(x), \mathrm{diag}(\sigma_\phi^2(x)))"
    d = f2d.distribution(text, scaffold=True, dims={"x": 3, "z": 2})
    x = torch.randn(4, 3)
    assert d.sample(5, x=x)["z"].shape == (5, 4, 2)
    params = d.params(x=x)
    expected = torch.distributions.Normal(params["loc"], params["scale"]).log_prob(torch.zeros(4, 2)).sum(-1)
    torch.testing.assert_close(d.log_prob(z=torch.zeros(4, 2), x=x), expected)
