"""A joint over steps whose densities are bound for single values: each step by the same density."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.testing import assert_close

import formula2dgm as f2d

ELBO = r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}|z_{1:T})] - KL[q(z_{1:T}|x_{1:T}) || p(z_{1:T})]"


class Posterior(nn.Module):
    """The parameters of a Normal posterior."""

    def __init__(self) -> None:
        super().__init__()
        self.both = nn.Linear(6, 8, dtype=torch.float64)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        loc, log_scale = self.both(x).chunk(2, -1)
        return loc, log_scale.exp()


def test_every_step_by_the_density_of_one() -> None:
    torch.manual_seed(0)
    encoder, decoder = Posterior(), nn.Linear(4, 6, dtype=torch.float64)
    objective = f2d.compile(
        ELBO,
        {
            "q(z|x)": f2d.Normal(encoder),
            "p(x|z)": f2d.Bernoulli(logits=decoder),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=4),
        },
    )
    x = torch.randint(0, 2, (3, 5, 6)).double()
    noise = torch.randn(3, 5, 4, dtype=torch.float64)
    out = objective(x=x, noise={"z": noise})
    posterior = Normal(*encoder(x))
    z = posterior.loc + posterior.scale * noise
    score = Bernoulli(logits=decoder(z), validate_args=False).log_prob(x).sum((1, 2))
    divergence = kl_divergence(posterior, Normal(torch.zeros(4, dtype=torch.float64), 1.0)).sum((1, 2))
    assert_close(out.loss, (divergence - score).mean(), rtol=1e-12, atol=0)
    assert "p(x_{1:T}|z_{1:T}) is the product over t of p(x_t|z_t), each step by p(x|z)" in objective.assumptions


def test_a_refusal_of_it_is_placed_in_the_formula() -> None:
    """Not in the name of the binding, which says nothing of steps."""
    text = ELBO.replace("}[", "}^2[")
    bindings = {
        "p(x|z)": f2d.Bernoulli(logits=nn.Linear(4, 6)),
        "q(z|x)": f2d.Normal(Posterior()),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=4),
    }
    found = [each for each in f2d.check(text, bindings) if each.severity == "error"]
    assert found and all(each.span is not None and each.span.source.text == text for each in found)
