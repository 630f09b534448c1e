"""The step of the importance-weighted bound in Pyro: its RenyiELBO with alpha = 0."""

from __future__ import annotations

from torch import Tensor

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.models.vae_peers import pyro_autoencoder
from benchmarks.replay import replayed


def pyro_renyi(given: Problem) -> Loss:
    """All draws at once, in a plate of their own."""
    from pyro.infer import RenyiELBO

    model, guide = pyro_autoencoder(given)
    data, batch = given.data["x"], given.sizes["batch"]
    elbo = RenyiELBO(alpha=0.0, num_particles=given.sizes["K"], max_plate_nesting=1, vectorize_particles=True)

    def loss(noise: Noise | None) -> Tensor:
        with replayed(None if noise is None else iter([noise["z"]])):
            found = elbo.loss_and_grads(model, guide, data)  # goes back by itself; of the sum over the batch
        if noise is not None:  # where gradients are compared
            for each in given.networks.parameters():
                if each.grad is not None:
                    each.grad /= batch
        return data.new_tensor(found / batch).requires_grad_()

    return loss
