"""The examples that are scripts of their own."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.mixture import GaussianMixture

import formula2dgm as f2d

EXAMPLES = Path(__file__).parents[1] / "examples"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A script finds the module that it shares with the others; networks this small are fastest on one thread."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_expectation_maximisation_climbs_to_what_scikit_learn_finds(tmp_path: Path) -> None:
    """The likelihood never falls, and from the same start it is scikit-learn's."""
    torch.manual_seed(0)
    x = torch.cat([torch.randn(150, 2), 0.5 * torch.randn(150, 2) + 4])
    em = script("mixture_by_em")
    _, component, history = em.fit(x, components=2, rounds=30)
    assert all(later >= earlier - 1e-5 for earlier, later in zip(history, history[1:], strict=False))
    torch.manual_seed(0)
    theirs = GaussianMixture(2, covariance_type="diag", means_init=component.loc.detach().numpy(), max_iter=200).fit(x)
    assert abs(theirs.score(x) - history[-1]) < 1e-3
    em.draw(x, component, str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes()[:8] == PNG


def test_a_flow_on_digits_learns_and_inverts(tmp_path: Path) -> None:
    """Below the 4.09 bits of a uniform image, falling; and the inverse gives the images back."""
    torch.manual_seed(0)
    glow = script("glow_on_digits")
    levels = torch.tensor(load_digits().images[:512], dtype=torch.float32).unsqueeze(1)
    objective, f, history = glow.fit(levels, epochs=3)
    assert history[-1] < history[0] < math.log2(17)
    f.eval()
    x = glow.continuous(levels[:8])
    with torch.no_grad():
        z, log_det = f(x)
        torch.testing.assert_close(f.inverse(z)[0], x, rtol=0, atol=1e-3)
        density = torch.distributions.Normal(0.0, 1.0).log_prob(z).flatten(1).sum(-1) + log_det
        torch.testing.assert_close(objective(x=x).value, density.mean(), rtol=1e-4, atol=1e-3)
    glow.draw(f, str(tmp_path / "samples.png"))
    assert (tmp_path / "samples.png").read_bytes()[:8] == PNG


def test_digits_are_drawn_pixel_by_pixel() -> None:
    """Fewer bits than those of a uniform image, and grey levels that there are."""
    pixels, digits = script("autoregression_on_digits"), script("digits")
    x = pixels.grey(digits.digits(binary=False)[0])[:200]
    network = pixels.f2d.Masked(pixels.PixelCNN(width=8, blocks=1))
    objective = pixels.f2d.compile(pixels.FORMULA, {r"p_\theta(x_i|x_{<i})": pixels.f2d.Categorical(logits=network)})
    pixels.f2d.fit(objective, x, epochs=4, lr=1e-2, progress=False)
    assert pixels.f2d.evaluate(objective, x)["loss"] < math.log2(17)
    drawn = objective.sample(2)["x"]
    assert drawn.shape == (2, 64) and 0 <= drawn.min() and drawn.max() <= 16


def test_a_regression_is_less_sure_between_its_points(tmp_path: Path) -> None:
    torch.manual_seed(0)
    regression = script("bayesian_regression")
    x, y = regression.points(60)
    objective, _ = regression.fit(x, y, epochs=200)
    at = torch.linspace(-1.5, 1.3, 20)[:, None]
    found = regression.predictions(objective, at, draws=50)
    between = found[:, (at[:, 0] - 0.0).abs() < 0.1].std(0).mean()
    assert between > regression.predictions(objective, x, 50).std(0).mean()
    regression.draw(x, y, at, found, str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes()[:8] == PNG


def few(rows: int = 60) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A part of the digits to train on, and of those kept for validation."""
    train, kept = script("digits").digits()
    return {k: v[:rows] for k, v in train.items()}, {k: v[:rows] for k, v in kept.items()}


def test_the_bound_of_many_draws_lies_above_that_of_one() -> None:
    """In the mean the importance-weighted bound grows with K, from the evidence lower bound on (K = 1)."""
    _, bounds = script("iwae_of_a_vae").fit(epochs=1, draws=100, rows=100)
    elbo, iwae = bounds.values()
    assert elbo < iwae < 0


def test_labels_are_as_many_of_each_class() -> None:
    m2 = script("m2_on_digits")
    train, _ = script("digits").digits()
    labels = m2.labelled(train, 100)
    assert labels["y"].bincount().tolist() == [10] * 10
    assert all((row == train["x"]).all(-1).any() for row in labels["x"])


def test_m2_takes_few_labels_and_many_images() -> None:
    m2 = script("m2_on_digits")
    train, kept = few(100)
    classifier, decoder = m2.semi_supervised(m2.labelled(train, 30), train["x"], epochs=1)
    assert 0 <= m2.accuracy(classifier, kept) <= 1
    assert decoder(torch.arange(10), torch.zeros(10, m2.STYLE)).shape == (10, 64)


@pytest.mark.slow
def test_unlabelled_images_help_m2() -> None:
    """297 images: a standard error of 2 %, and both classifiers see the same."""
    m2 = script("m2_on_digits")
    train, kept = script("digits").digits()
    labels = m2.labelled(train, 100)
    torch.manual_seed(0)
    alone = m2.accuracy(m2.supervised(labels, epochs=60), kept)
    torch.manual_seed(0)
    classifier, _ = m2.semi_supervised(labels, train["x"], epochs=30)
    assert m2.accuracy(classifier, kept) > max(alone, 0.8)


@pytest.mark.parametrize("game", ["gan", "non_saturating_gan", "wgan_gp"])
def test_a_game_is_played(game: str, tmp_path: Path) -> None:
    gans, digits = script("gans_on_digits"), script("digits")
    train, _ = few(128)
    made = gans.fit(game, train["x"], epochs=1)
    x = made(torch.randn(5, gans.CODE))
    assert x.shape == (5, 64) and 0 <= x.min() and x.max() <= 1
    digits.grid(x, str(tmp_path / "samples.png"), columns=2)
    assert (tmp_path / "samples.png").read_bytes()[:8] == PNG


def test_the_distance_to_the_nearest_digit() -> None:
    gans = script("gans_on_digits")
    train, _ = few(20)
    assert gans.nearest(train["x"], train) == (0.0, len(train["y"].unique()))
    assert gans.nearest(torch.full((3, 64), 1e3), train)[0] > 1e3


@pytest.mark.slow
def test_a_wasserstein_gan_draws_every_digit() -> None:
    gans = script("gans_on_digits")
    train, _ = script("digits").digits(binary=False)
    made = gans.fit("wgan_gp", train["x"], epochs=60)
    with torch.no_grad():
        distance, classes = gans.nearest(made(torch.randn(1000, gans.CODE)), train)
    assert classes == 10 and distance < 2


def test_a_codebook_learns_the_corners_of_digits() -> None:
    vq = script("vq_vae_on_digits")
    train, _ = few(256)
    objective, encoder, decoder, book = vq.fit(train["x"], epochs=3)
    assert encoder(train["x"]).shape == (256, vq.POSITIONS, vq.SIZE)
    assert decoder(book[:4].expand(2, 4, vq.SIZE)).shape == (2, 64)
    reconstruction, *_ = objective(x=train["x"]).terms.values()
    assert reconstruction > -64 * math.log(2)  # what 64 pixels cost of which nothing is known


@pytest.mark.parametrize("model", ["jmvae", "mvae"])
def test_one_modality_gives_the_other(model: str) -> None:
    multimodal = script("multimodal_on_digits")
    train, _ = few()
    image, label, posteriors, objective = multimodal.fit(model, train, epochs=1)
    code = posteriors["x"].mean(x=train["x"])
    assert label(code).shape == (60, 10)
    assert image(posteriors["y"].sample(y=torch.arange(10))["z"]).shape == (10, 64)
    assert objective(**train).loss.isfinite()


def test_the_posterior_of_one_modality_leaves_the_other_expert_out() -> None:
    """Precisions add: the prior's 1 and the expert's, whose mean weighs by them."""
    multimodal = script("multimodal_on_digits")
    train, _ = few(8)
    *_, posteriors, objective = multimodal.fit("mvae", train, epochs=1)
    expert = objective.q_tilde_phi_z_given_x(train["x"])
    precision = torch.exp(-2 * expert["log_scale"])
    expected = expert["loc"] * precision / (1 + precision)
    torch.testing.assert_close(posteriors["x"].mean(x=train["x"]), expected, rtol=1e-4, atol=1e-5)


def test_a_wider_bottleneck_lets_more_through(tmp_path: Path) -> None:
    bottleneck = script("bottleneck_on_digits")
    train, _ = few(200)
    rates = []
    for beta in (3.0, 0.01):
        torch.manual_seed(0)
        objective, encoder, _ = bottleneck.fit(train, beta, epochs=5)
        rates.append(next(v for name, v in objective(**train).terms.items() if name.startswith("KL")).item())
    assert rates[0] < rates[1]
    bottleneck.draw(encoder(train["x"])["loc"].detach(), train["y"], str(tmp_path / "codes.png"))
    assert (tmp_path / "codes.png").read_bytes()[:8] == PNG


def test_views_of_digits_teach_their_classes(tmp_path: Path) -> None:
    contrast = script("contrastive_on_digits")
    train, kept = few(400)
    f = contrast.encoder()
    before = contrast.measured(f, train, kept)
    history = contrast.fit(f, train["x"], epochs=20, batch=200)
    after = contrast.measured(f, train, kept)
    assert history[-1] < history[0] and after[0] > before[0]
    contrast.draw(f, kept, str(tmp_path / "codes.png"))
    assert (tmp_path / "codes.png").read_bytes()[:8] == PNG


@pytest.mark.parametrize("model", ["maximum likelihood", "variational autoencoder", "variational inference", "GAN"])
def test_one_line_is_a_model(model: str) -> None:
    lines = script("one_liners")
    train, _ = few()
    history = lines.fit(model, train, epochs=4)
    assert all(math.isfinite(value) for each in history for value in each.values())
    if model != "GAN":
        assert history[-1]["loss"] < history[0]["loss"]
    assert set(lines.MODELS) == {"maximum likelihood", "variational autoencoder", "variational inference", "GAN"}


def test_td_vae_jumps_from_what_it_has_seen(tmp_path: Path) -> None:
    td_vae = script("td_vae_on_ball")
    objective, kept, loss = td_vae.fit(epochs=1, count=40)
    assert kept.shape == (4, 16, 16) and math.isfinite(loss)
    path = td_vae.jumps(objective, kept[:, :8], count=3)
    assert path.shape == (4, 4, 16)
    td_vae.picture([kept[0, :4], path[0]], str(tmp_path / "jumps.png"))
    assert (tmp_path / "jumps.png").read_bytes()[:8] == PNG


@pytest.mark.parametrize(
    ("name", "data"),
    [("diffusion_on_moons", "x_0"), ("score_on_moons", "x_0"), ("flow_matching_on_moons", "x_1")],
)
def test_moons_come_out_of_noise(name: str, data: str, tmp_path: Path) -> None:
    """After a few epochs the samples are nearer to the data than the noise is."""
    shared, model = script("moons"), script(name)
    (x, labels), (kept, of_kept) = shared.moons(2000, seed=0), shared.moons(500, seed=1)
    y = [torch.nn.functional.one_hot(each, 2).float() for each in (labels, of_kept)]
    given = {"y": y[1]} if data == "x_1" else {"n": 500}
    objective = model.fit(x, *(y[:1] if data == "x_1" else []), epochs=60)
    noise = shared.mmd(torch.randn(500, 2), kept)
    sets = {way: objective.sample(**given, **settings)[data] for way, settings in model.WAYS.items()}
    found = {way: shared.mmd(each, kept) for way, each in sets.items()}
    assert max(found.values()) < 0.8 * noise, (found, noise)
    shared.draw(sets, str(tmp_path / "moons.png"))
    assert (tmp_path / "moons.png").read_bytes()[:8] == PNG


def test_the_plan_of_a_batch_makes_the_ways_of_a_flow_straight() -> None:
    torch.manual_seed(0)
    shared, model = script("moons"), script("couplings_on_moons")
    (x, _), (kept, _), noise = shared.moons(512, seed=0), shared.moons(500, seed=1), torch.randn(500, 2)
    flows = [model.fit(formula, x, epochs=25) for formula in (model.INDEPENDENT, model.FORMULA)]
    longer, made = [], []
    for flow in flows:
        longer.append(model.curvature(flow, noise, steps=20))
        made.append(shared.mmd(flow.sample(500, steps=2, noise={"x_1": noise})["x_1"], kept))
    assert 0 <= longer[1] < longer[0] / 2 and made[1] < made[0], (longer, made)


def test_a_continuous_flow_gives_points_that_were_kept_a_likelihood() -> None:
    """After a few epochs above that of noise, and the samples nearer to the data than noise is."""
    torch.manual_seed(0)
    shared, model = script("moons"), script("continuous_flow_on_moons")
    (x, _), (kept, _) = shared.moons(1000, seed=0), shared.moons(500, seed=1)
    objective, field = model.fit(x, epochs=16)
    density = f2d.compile(model.DENSITY, {r"f_\theta": field})
    noise = torch.distributions.Normal(0.0, 1.0).log_prob(kept).sum(1).mean()
    assert density(x=kept).value > noise
    assert shared.mmd(objective.sample(500)["x"], kept) < shared.mmd(torch.randn(500, 2), kept)


def test_an_energy_learns_to_draw_what_lies_nearer_to_the_data_than_noise(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shared, model = script("moons"), script("energy_on_moons")
    (x, _), (kept, _), (others, _) = (shared.moons(count, seed) for seed, count in enumerate((1000, 500, 500)))
    objective = model.fit(x, steps=300, batch=128)
    made = objective.sample(500)["x"]
    assert shared.mmd(made, kept) < shared.mmd(torch.randn(500, 2), kept)
    assert abs(shared.mmd(others, kept)) < 0.01
    model.draw(objective.E_theta, [kept, made], str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes()[:8] == PNG
