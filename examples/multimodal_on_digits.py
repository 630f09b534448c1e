"""Images and labels as two modalities, by jmvae.tex or mvae.tex: each is made from the other.

    python examples/multimodal_on_digits.py                 prints an accuracy and writes mvae.png: labels 0 to 9, and
                                                            eight images of each
    python examples/multimodal_on_digits.py --model jmvae

The posterior of a missing modality is q(z|x) or q(z|y): networks of their own in JMVAE, the product without the missing
expert in MVAE. The label of an image is the most probable under p(y|z), at the mean of q(z|x).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from digits import digits, grid
from torch import Tensor, nn

import formula2dgm as f2d

CODE, CLASSES = 16, 10
PRIOR = {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=CODE)}
#: The encoders of a model by what they are given, and its posteriors of one modality.
ENCODERS = {
    "jmvae": {"xy": r"q_\phi(z|x, y)", "x": r"q_{\phi_x}(z|x)", "y": r"q_{\phi_y}(z|y)"},
    "mvae": {"x": r"\tilde q_\phi(z|x)", "y": r"\tilde q_\phi(z|y)"},
}
POSTERIORS = {
    "jmvae": {"x": r"q_{\phi_x}(z|x)", "y": r"q_{\phi_y}(z|y)"},
    "mvae": {
        "x": r"q_\phi(z|x) \propto p(z)\, \tilde q_\phi(z|x)",
        "y": r"q_\phi(z|y) \propto p(z)\, \tilde q_\phi(z|y)",
    },
}


class Encoder(nn.Module):
    """A Gaussian of the code, given an image x, a label y, or both."""

    def __init__(self, given: str, hidden: int = 256) -> None:
        super().__init__()
        self.given = given
        size = 64 * ("x" in given) + CLASSES * ("y" in given)
        self.body = nn.Sequential(nn.Linear(size, hidden), nn.ReLU())
        self.loc, self.log_scale = nn.Linear(hidden, CODE), nn.Linear(hidden, CODE)

    def forward(self, *values: Tensor) -> dict[str, Tensor]:
        parts = [
            nn.functional.one_hot(value.long(), CLASSES).float() if name == "y" else value
            for name, value in zip(self.given, values, strict=True)
        ]
        h = self.body(torch.cat(parts, -1))
        return {"loc": self.loc(h), "log_scale": self.log_scale(h)}


def decoder(outputs: int, hidden: int = 256) -> nn.Module:
    return nn.Sequential(nn.Linear(CODE, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def fit(
    model: str, data: dict[str, Tensor], epochs: int
) -> tuple[nn.Module, nn.Module, dict[str, f2d.Distribution], f2d.Objective]:
    """The two decoders, the posteriors of one modality, and the objective."""
    image, label = decoder(64), decoder(CLASSES)
    encoders = {key: f2d.Normal(Encoder(given)) for given, key in ENCODERS[model].items()}
    names = (r"p_{\theta_x}(x|z)", r"p_{\theta_y}(y|z)") if model == "jmvae" else (r"p_\theta(x|z)", r"p_\theta(y|z)")
    decoders = {names[0]: f2d.Bernoulli(image), names[1]: f2d.Categorical(label)}
    objective = f2d.compile(Path(__file__).with_name(f"{model}.tex"), {**encoders, **decoders})
    f2d.fit(objective, data, epochs=epochs, progress=False)
    posteriors = {given: f2d.distribution(text, {**PRIOR, **encoders}) for given, text in POSTERIORS[model].items()}
    return image, label, posteriors, objective


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=tuple(ENCODERS), default="mvae")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", help="where the picture goes (the model's name)")
    given = parser.parse_args()
    train, kept = digits()
    torch.manual_seed(given.seed)
    image, label, posteriors, objective = fit(given.model, train, given.epochs)
    print(f"{given.model}: validation loss {f2d.evaluate(objective, kept)['loss']:.2f} nats")
    with torch.no_grad():
        code = posteriors["x"].mean(x=kept["x"])
        right = (label(code).argmax(-1) == kept["y"]).float().mean().item()
        made = torch.sigmoid(image(posteriors["y"].sample(y=torch.arange(CLASSES).repeat(8))["z"]))
    print(f"accuracy of p(y|z) at an image's code: {right:.3f}")
    path = given.o or f"{given.model}.png"
    grid(made, path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
