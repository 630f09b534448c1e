"""Semi-supervised learning (m2.tex) with 100 labels: the accuracy of q(y|x) beside that of the labels alone.

    python examples/m2_on_digits.py             prints accuracies and writes m2_on_digits.png: the ten
                                                classes across, each row in a style of its own

Labelled and unlabelled images are two streams: a batch has 20 of the first and 100 of the second.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from digits import digits, grid
from torch import Tensor, nn

import formula2dgm as f2d

M2 = Path(__file__).with_name("m2.tex")
CLASSES, STYLE = 10, 8


class Classifier(nn.Module):
    """q(y|x): a convolution network; its output are the logits of the classes."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(32 * width, CLASSES),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def one_hot(y: Tensor) -> Tensor:
    return nn.functional.one_hot(y.long(), CLASSES).float()


class Encoder(nn.Module):
    """q(z|x, y): the style of an image of a class."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64 + CLASSES, hidden), nn.ReLU())
        self.loc, self.log_scale = nn.Linear(hidden, STYLE), nn.Linear(hidden, STYLE)

    def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        h = self.body(torch.cat([x, one_hot(y)], -1))
        return {"loc": self.loc(h), "log_scale": self.log_scale(h)}


class Decoder(nn.Module):
    """p(x|y, z): an image of a class in a style."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(STYLE + CLASSES, hidden), nn.ReLU(), nn.Linear(hidden, 64))

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        return self.net(torch.cat([one_hot(y), z], -1))


def labelled(data: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    """The first examples of each class, as many of one as of another."""
    rows = torch.cat([(data["y"] == each).nonzero()[: count // CLASSES, 0] for each in range(CLASSES)])
    return {"x": data["x"][rows], "y": data["y"][rows]}


def accuracy(classifier: nn.Module, data: dict[str, Tensor]) -> float:
    classifier.eval()
    with torch.no_grad():
        right = (classifier(data["x"]).argmax(-1) == data["y"]).float().mean().item()
    classifier.train()
    return right


def supervised(few: dict[str, Tensor], epochs: int) -> nn.Module:
    """The same classifier from the labels alone."""
    classifier = Classifier()
    objective = f2d.compile(r"-\log q(y|x)", {"q(y|x)": f2d.Categorical(classifier)})
    f2d.fit(objective, few, epochs=epochs, batch_size=20, progress=False)
    return classifier


def semi_supervised(few: dict[str, Tensor], x: Tensor, epochs: int) -> tuple[nn.Module, nn.Module]:
    """The classifier and the decoder of m2.tex."""
    classifier, decoder = Classifier(), Decoder()
    bindings = {
        r"q_\phi(y|x)": f2d.Categorical(classifier),
        r"q_\phi(z|x, y)": f2d.Normal(Encoder()),
        r"p_\theta(x|y, z)": f2d.Bernoulli(decoder),
    }
    objective = f2d.compile(M2, bindings, dims={"z": STYLE})
    data = {"x_l": few["x"], "y_l": few["y"], "x_u": x}
    f2d.fit(objective, data, epochs=epochs, batch_size={"x_l": 20, "x_u": 100}, lr=2e-3, progress=False)
    return classifier, decoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="m2_on_digits.png", help="where the picture goes")
    given = parser.parse_args()
    train, kept = digits()
    few = labelled(train, given.labels)
    torch.manual_seed(given.seed)
    print(f"{given.labels} labels alone: accuracy {accuracy(supervised(few, 2 * given.epochs), kept):.3f}")
    torch.manual_seed(given.seed)
    classifier, decoder = semi_supervised(few, train["x"], given.epochs)
    print(f"M2, {given.labels} labels and {len(train['x'])} images: accuracy {accuracy(classifier, kept):.3f}")
    z, y = torch.randn(8, STYLE).repeat_interleave(CLASSES, 0), torch.arange(CLASSES).repeat(8)
    with torch.no_grad():
        grid(torch.sigmoid(decoder(y, z)), given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
