r"""Parts of a game that the text does not define, ``\min_G \max_D V(D, G) - \lambda I(c, G(z, c))``: an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.completion.densities.named_functionals import INFORMATION
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.signature import names_objective
from formula2dgm.syntax import tree


def refuse_undefined_parts(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error that names all terms under an operator that are values of players or of what they make,
    where nothing says which. ``keys`` are what is bound."""
    known = {each.head if isinstance(each, tree.Call) else each for each in keys}
    lefts = (each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))
    known |= {each.head for each in lefts if isinstance(each, tree.Call)}
    for statement in statements:
        players: set[tree.Node] = set()
        body = statement.body
        while isinstance(body, tree.Optimise):
            players |= set(body.names)
            body = body.body
        calls = [each for each in _terms(body) if each.head not in known and _is_of(each, players)]
        if calls:
            listed = " and ".join(map(str, dict.fromkeys(calls)))
            are = "are" if len(calls) > 1 else "is"
            message = f"{listed} {are} of the players, and nothing says which value"
            hint = "write what it is: " + "; ".join(f"{each.latex()} = ..." for each in calls)
            raise FormulaError(Diagnostic("F2D-0577", "error", message, calls[0].span, hint))
    return list(statements)


def _is_of(call: tree.Call, players: set[tree.Node]) -> bool:
    """Is this a value of two players or more, or the information of what a player makes?"""
    if names_objective(call):
        return len(players & set(call.args)) > 1
    made = {each.head for each in call.args if isinstance(each, tree.Call)}
    return spelling(call.head) in INFORMATION and bool(players & made)


def _terms(node: tree.Node) -> Iterator[tree.Call]:
    """The calls that are terms, signs and factors in front left out."""
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from _terms(each)
        case tree.Neg(body=body):
            yield from _terms(body)
        case tree.Mul(factors=factors):
            yield from _terms(factors[-1])
        case tree.Call(given=None):
            yield node
