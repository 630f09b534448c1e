r"""Divergences from the posterior of a model that the text writes: ``KL[q(z|x) \| p(z|x)]`` beside ``p(x, z) = ...``.

No one knows that posterior, but ``\log p(z|x) = \log p(x, z) - \log p(x)``, and the evidence does not depend on q. So
where q alone is trained, the divergence is ``E_q[\log q(z|x) - \log p(x, z)]``, the bound with the other sign. Where
the model is trained, too, that is another objective, and the text has to say which is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import Indices, read_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_compared_posteriors(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such divergences by the model's joint, and what was decided; ``keys`` are what is bound."""
    writer = _Writer(statements, keys)
    return [each.with_body(writer.written(each.body)) for each in statements], writer.notes


@dataclass(slots=True)
class _Writer:
    statements: Sequence[tree.Statement]
    keys: Sequence[tree.Node]
    notes: list[Note] = field(default_factory=list)

    def written(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Optimise(names=names, body=tree.Divergence("KL", left=left, right=tree.Call() as right) as gap):
                joint = self._joint(right)
                if joint is None:
                    return node
                if not names or not all(_is_of(each, left) for each in names):
                    _refuse(gap, joint)
                said = f"{gap} is E[log {_spaced(left)} - log {joint}] but for the evidence, which does not depend on q"
                self.notes.append(Note(said, gap.span))
                return replace(node, body=_expected(gap, left, joint))
        return map_children(node, self.written)

    def _joint(self, posterior: tree.Call) -> tree.Call | None:
        """p(x, z) of the posterior p(z|x), where a statement says what it is and nothing says what p(z|x) is."""
        if not is_density_call(posterior) or not posterior.given or posterior in self.keys:
            return None
        slots = {*posterior.args, *posterior.given}
        chains = [each.body for each in self.statements if isinstance(each.body, tree.Chain)]
        lefts = [each.members[0] for each in chains if each.relations[0] in ("=", ":=")]
        declared = [each for each in lefts if isinstance(each, tree.Call) and each.head == posterior.head]
        if any(each.args == posterior.args and each.given for each in declared):
            return None
        spaces = [each for each in chains if each.relations[0] == "in" and isinstance(each.members[1], tree.SetOf)]
        finite = [each.members[0] for each in spaces]
        if any(each in finite for each in posterior.args):
            return None  # Bayes' rule gives it
        return next((each for each in declared if not each.given and set(each.args) == slots), None)


def _is_of(name: tree.Node, left: tree.Node) -> bool:
    """Is this q, q(z|x) or the parameters of it?"""
    factors = left.factors if isinstance(left, tree.Mul) else (left,)
    heads = [each.head for each in factors if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol)]
    own = [read_name(each, Indices(), head=True) for each in heads]
    spelled = {text for each in own for text in (each.id, each.full, *each.group)} | {str(each) for each in factors}
    return str(name) in spelled


def _expected(gap: tree.Divergence, left: tree.Node, joint: tree.Call) -> tree.Node:
    factors = left.factors if isinstance(left, tree.Mul) else (left,)
    log_left, log_joint = (tree.Prefix("log", each, span=each.span) for each in (left, joint))
    body = tree.Add((log_left, tree.Neg(log_joint, span=log_joint.span)), span=gap.span)
    return tree.Labelled(tree.Expect(factors, body, span=gap.span), str(gap), span=gap.span)


def _refuse(gap: tree.Divergence, joint: tree.Call) -> None:
    raise FormulaError(
        Diagnostic(
            "F2D-0518",
            "error",
            f"{gap.right} is the posterior of {joint}, which no one knows, and more than {gap.left} is trained here",
            gap.span,
            f"write the bound, E[\\log {joint} - \\log {_spaced(gap.left)}], or name what is trained: \\min_q",
        )
    )


def _spaced(left: tree.Node) -> str:
    return f"({left})" if isinstance(left, tree.Add) else str(left)
