"""The rows of docs/models.md: programs of this project, models of Pixyz, of its zoo, of its paper, and neighbours."""

from __future__ import annotations

from tests.models import by_hand
from tests.models.measure import Model


def _alone(name: str, title: str, source: str, **more) -> Model:
    return Model(name, title, {"": getattr(by_hand, name)}, source, **more)


MODELS = (
    _alone("iwae", "IWAE", ""), _alone("miwae", "MIWAE", ""), _alone("m2_enumerated", "", ""), _alone("mine", "", ""), _alone("dpo","",""),
    *(_alone(n, n, "") for n in "vae vi cvae hierarchical_vi jmvae jmvae_poe mvae mmd_vae gmm gmm_vae classifier vib autoregressive score energy diffusion".split()),
)
