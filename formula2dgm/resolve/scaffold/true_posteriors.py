r"""Posteriors of models that a text does not write, of which no default is made: p(z|x) of ``KL[q(z|x) || p(z|x)]``.

What an approximation is compared with follows from a model, p(x, z). A network in its place would be fitted to the
approximation, or the approximation to a random network.
"""

from __future__ import annotations

from formula2dgm.reading.data_names import SURE_LABELS
from formula2dgm.reading.kinds import DATA_LETTERS
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.mentioned import Mentioned


def refuse_true_posterior(context: Context, wanted: Signature, written: Mentioned) -> None:
    """Refuse a default for a density of a latent given data, which one of a letter q approximates.

    A conditional prior, beside p(y|x, z) or p(y|z) alone, is learned: other data are modelled given it.
    """
    variables, given = wanted.ids
    indexed = any(each.index for each in (*wanted.variables, *wanted.given) if each)
    letter, *labels = wanted.head.split("_")
    if letter not in ("p", "P") or SURE_LABELS & {*labels} or not given or indexed:
        return
    if not variables <= context.latent or given & context.latent:
        return
    if any(each is not None and each.letter in DATA_LETTERS for each in wanted.variables):
        return
    approximations = [each for each in written.over(variables) if each.head.split("_")[0] in POSTERIOR_LETTERS]
    approximated = [each for each in approximations if each.ids[0] == variables and each.ids[1] in (given, frozenset())]
    decoders = [each for each in written.of(wanted.head) if variables & each.ids[1]]
    prior = any(given <= each.ids[1] for each in decoders)
    prior |= bool(decoders) and not any(each.ids[0] & given for each in decoders)
    if not approximated or prior:
        return
    head, data, latent = wanted.head, ", ".join(sorted(given)), ", ".join(sorted(variables))
    raise context.refuse(
        "F2D-0631",
        f"{wanted.label} is the posterior of a model, which {approximated[0].label} approximates: it is no network",
        wanted.place,
        f"write the model, {head}({data}, {latent}) = {head}({data}|{latent}) {head}({latent}), or the bound "
        f"itself; or bind {wanted.label}",
    )
