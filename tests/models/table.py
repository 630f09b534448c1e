"""The rows of docs/models.md: programs of this project, models of Pixyz, of its zoo, of its paper, and neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.models import by_hand, networks, steps_by_hand
from tests.models import games_by_hand as games
from tests.models.measure import Model, Oracle

DESIGN, PIXYZ, ZOO, PAPER, WILD = (
    "The programs that decide the design",
    "The examples and tutorials of Pixyz",
    "pixyzoo",
    "The paper and the slides of Pixyz",
    "In the wild",
)
GROUPS = (DESIGN, PIXYZ, ZOO, PAPER, WILD)


def _one(name: str, title: str, group: str, where: Any = by_hand, oracle: str = "", **more: Any) -> Model:
    return Model(name, title, {"": getattr(where, oracle or name)}, group, **more)


def _several(name: str, title: str, group: str, oracles: Mapping[str, Oracle], **more: Any) -> Model:
    return Model(name, title, oracles, group, **more)


_GAN = {"D": games.gan_judge, "G": games.minimax_generator}

MODELS = (
    _one("iwae", "IWAE", DESIGN),
    _one("miwae", "MIWAE", DESIGN),
    _one("m2_enumerated", "M2, the unlabelled bound", DESIGN),
    _one("mvae", "MVAE", DESIGN),
    _several("wgan_gp", "WGAN-GP", DESIGN, {"D": games.penalised_critic, "G": games.penalised_generator}),
    _one("dmm", "deep Markov model (also of pixyzoo)", DESIGN, steps_by_hand),
    _one("mine", "MINE", DESIGN),
    _one("dpo", "DPO", DESIGN),
    _one("vae", "VAE (tutorials 00 to 03, the VAE class; equations 7 and 8 of the paper)", PIXYZ),
    _one("vi", "variational inference", PIXYZ),
    _one("cvae", "conditional VAE", PIXYZ),
    _one("hierarchical_vi", "hierarchical variational inference", PIXYZ),
    _one("jmvae", "JMVAE (also of the slides)", PIXYZ),
    _one("jmvae_poe", "JMVAE with a product of experts", PIXYZ),
    _one("m2", "M2 with relaxed classes (also of the paper)", PIXYZ, bindings=networks.semi_supervised),
    _one("mmd_vae", "MMD-VAE", PIXYZ),
    _several("gan", "GAN", PIXYZ, {"D": games.gan_judge, "G": games.gan_generator}),
    _one("real_nvp", "RealNVP", PIXYZ, games, "flow"),
    _one("conditional_real_nvp", "conditional RealNVP", PIXYZ, games, "conditional_flow"),
    _one("glow", "Glow (equation 6 of the paper)", PIXYZ, games, "flow", bindings=networks.glow),
    _one("planar_flow", "planar flows, fitted without data", PIXYZ, games),
    _one("gmm", "Gaussian mixture", PIXYZ),
    _one("classifier", "classifier, maximum likelihood", PIXYZ),
    _one("cart_pole", "deep Markov model of a cart-pole (tutorial 04)", PIXYZ, steps_by_hand),
    _one("vrnn", "VRNN", ZOO, steps_by_hand),
    _one("td_vae", "TD-VAE (also of the paper)", ZOO, steps_by_hand),
    _several(
        "factor_vae",
        "FactorVAE (also of the paper)",
        ZOO,
        {"theta,phi": games.factor_vae, "D": games.factor_vae_judge},
    ),
    _one("vib", "VIB", ZOO),
    _one("gqn", "GQN (also of the slides)", ZOO, steps_by_hand),
    _one("newtonian_vae", "NewtonianVAE", ZOO, steps_by_hand),
    _one("dreamer_world_model", "Dreamer, the world model (RSSM)", ZOO, steps_by_hand),
    _one("dreamer_actor", "Dreamer, the actor", ZOO, steps_by_hand, trains="pi_phi_a_given_h_z"),
    _one("hrssm", "HRSSM (VTA)", ZOO, steps_by_hand, bindings=networks.two_levels),
    _one("mrssm", "MRSSM", ZOO, steps_by_hand),
    _several("gan_minimax", "GAN (equations 9 and 10)", PAPER, _GAN),
    _one("dmm_bound", "deep Markov model (equation 11)", PAPER, steps_by_hand),
    _several(
        "adversarial_kl",
        "adversarial divergence (appendix B)",
        PAPER,
        {"phi": games.adversarial_kl_encoder, "D": games.adversarial_kl_judge},
    ),
    _several(
        "adversarial_wasserstein",
        "adversarial Wasserstein distance (appendix B)",
        PAPER,
        {"w": games.wasserstein_critic, "G": games.wasserstein_generator},
    ),
    _one("autoregressive", "autoregressive model", PAPER),
    _one("diffusion", "diffusion model", PAPER),
    _one("score", "score-based model", PAPER),
    _one("energy", "energy-based model", PAPER),
    _one("ppo", "PPO", WILD, games),
    _several("a2c", "A2C", WILD, {"theta": games.a2c_actor, "v": games.a2c_critic}),
    _one("dqn", "DQN", WILD, games),
    _several("sac", "SAC", WILD, {"theta": games.sac_critic, "phi": games.sac_actor}),
    _one("gmm_vae", "VAE with a mixture as its prior (Serket)", WILD),
    _several("star_gan", "StarGAN", WILD, {"D,p_C": games.star_gan_judge, "G": games.star_gan_generator}),
)
