"""The step of the variational autoencoder in Pyro and in Pixyz, after the examples of their authors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.replay import replayed


def _once(noise: Noise | None) -> Iterator[Tensor] | None:
    return None if noise is None else iter([noise["z"]])


def pyro_closed(given: Problem) -> Loss:
    """TraceMeanField_ELBO: the divergence in closed form."""
    return _pyro(given, checked=True)


def pyro_unchecked(given: Problem) -> Loss:
    """The same with Pyro's and torch.distributions' validation switched off."""
    return _pyro(given, checked=False)


def _pyro(given: Problem, checked: bool) -> Loss:
    import pyro
    from pyro.infer import TraceMeanField_ELBO

    model, guide = pyro_autoencoder(given)
    data, batch, elbo = given.data["x"], given.sizes["batch"], TraceMeanField_ELBO()

    def loss(noise: Noise | None) -> Tensor:
        with replayed(_once(noise)), pyro.validation_enabled(checked):
            found: Tensor = elbo.differentiable_loss(model, guide, data) / batch
        return found

    return loss


def pyro_autoencoder(given: Problem) -> tuple[Callable[[Tensor], None], Callable[[Tensor], None]]:
    """Its model and its guide."""
    import pyro
    import pyro.distributions as dist

    nets: Any = given.networks
    name, batch, size = f"vae_{id(nets)}", given.sizes["batch"], given.sizes["z"]

    def model(x: Tensor) -> None:
        pyro.module(f"{name}_decoder", nets.decoder)
        with pyro.plate("batch", batch):
            prior = dist.Normal(x.new_zeros(batch, size), x.new_ones(batch, size))
            z = pyro.sample("z", prior.to_event(1))
            pyro.sample("x", dist.Bernoulli(logits=nets.decoder(z)).to_event(1), obs=x)

    def guide(x: Tensor) -> None:
        pyro.module(f"{name}_encoder", nets.encoder)
        with pyro.plate("batch", batch):
            pyro.sample("z", dist.Normal(*nets.encoder(x)).to_event(1))

    return model, guide


def pixyz_cached(given: Problem) -> Loss:
    """KullbackLeibler and Expectation, as Pixyz comes: it keeps the parameters that a network gave for a tensor."""
    return _pixyz(given, cached=True)


def pixyz_uncached(given: Problem) -> Loss:
    """The same where nothing kept is found again: the encoder runs for the draw and for the divergence."""
    return _pixyz(given, cached=False)


def _pixyz(given: Problem, cached: bool) -> Loss:
    from pixyz.distributions import Bernoulli, Normal
    from pixyz.losses import KullbackLeibler

    nets: Any = given.networks
    x, size = given.data["x"], given.sizes["z"]

    class Inference(Normal):
        def __init__(self) -> None:
            super().__init__(var=["z"], cond_var=["x"], name="q")
            self.network = nets.encoder

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return dict(zip(("loc", "scale"), self.network(x), strict=True))

        def get_params(self, params_dict: Any = {}, **options: Any) -> Any:  # noqa: B006
            # What is kept is found by the identity of the tensor that is asked of.
            asked = params_dict if cached else {name: each.view_as(each) for name, each in params_dict.items()}
            return super().get_params(asked, **options)

    class Generator(Bernoulli):
        def __init__(self) -> None:
            super().__init__(var=["x"], cond_var=["z"], name="p")
            self.network = nets.decoder

        def forward(self, z: Tensor) -> dict[str, Tensor]:
            return {"probs": torch.sigmoid(self.network(z))}

    inference, generator = Inference(), Generator()
    prior = Normal(loc=x.new_zeros(()), scale=x.new_ones(()), var=["z"], features_shape=[size], name="p").to(x)
    objective = (KullbackLeibler(inference, prior) - generator.log_prob().expectation(inference)).mean()

    def loss(noise: Noise | None) -> Tensor:
        # A batch of its own in each step, as in training: what is kept of the last one is of no use.
        with replayed(_once(noise)):
            found: Tensor = objective.eval({"x": x.detach()})
        return found

    return loss
