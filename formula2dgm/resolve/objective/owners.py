r"""Which networks and parameters a player's names stand for: D of ``\max_D``, theta and pi of ``\pi_\theta(a|s)``.

What a statement makes a density or a function of belongs to whoever owns that: mu of ``q_\phi(z|x) = N(z; \mu(x), I)``
to phi.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from formula2dgm.ir.program import Network, Parameter
from formula2dgm.reading.names import GREEK_GROUPS, Indices, read_name
from formula2dgm.reading.signature import is_density_call, names_objective, read_signature
from formula2dgm.reading.target_groups import TARGET_LABELS
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

_SAYS = frozenset(("=", ":=", "~", "propto"))


def owned_by(context: Context, player: Sequence[str]) -> tuple[str, ...]:
    """The networks and parameters that a player's names (``D``, ``phi``, ``pi_theta``) stand for.

    A name that nothing goes by, ``theta``, stands for the groups with words below it, ``theta_enc`` and ``theta_dec``.
    """
    everything: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    called = {each.name: _names_of(context, each) for each in everything}
    wide = [each for each in player if each in GREEK_GROUPS and not any(each in names for names in called.values())]
    groups = {each.group for each in everything}
    parts = {
        each
        for each in groups
        if each is not None and each.split("_")[0] in wide and TARGET_LABELS.isdisjoint(each.split("_"))
    }
    return tuple(name for name, names in called.items() if not names.isdisjoint({*player, *parts}))


def made_of(statements: Sequence[tree.Statement]) -> dict[str, frozenset[str]]:
    """The names whose owner owns what goes by a name, as the statements say: ``phi`` and ``q`` of ``mu`` in
    ``q_\\phi(z|x) = N(z; \\mu(x), I)``.

    An objective owns nothing, and a function of the parameters themselves, ``r(\\theta)``, has no subscript.
    """
    direct = _written_behind(statements)
    for left, right in (pair for each in statements for pair in _said(each.body)):
        head = left.head if isinstance(left, tree.Call) else left
        if not isinstance(head, tree.Symbol) or names_objective(left) or _is_objective(right):
            continue
        params = left.params or () if isinstance(left, tree.Call) else ()
        owners = {*_spellings(head), *(str(each) for each in params if isinstance(each, tree.Symbol))}
        owners |= _groups_given(left)
        if isinstance(left, tree.Call) and is_density_call(left):
            label, groups = read_signature(left, Indices()).label, _groups_beside(statements, left)
            owners |= {label, *groups}
            direct.setdefault(label, set()).update(groups)
        values = {str(each) for each in (*left.args, *(left.given or ()))} if isinstance(left, tree.Call) else set()
        for node in right.walk():
            if isinstance(node, tree.Symbol) and str(node) not in values:
                direct.setdefault(read_name(node, Indices(), head=True).full, set()).update(owners)
    return {name: frozenset(_reached(name, direct) - {name}) for name in direct}


def _groups_given(node: tree.Node) -> set[str]:
    r"""The parameters behind a bar or a semicolon: lambda of ``\mu(x; \lambda)`` and of ``q(z|x, \lambda)``."""
    behind = (*(node.given or ()), *(node.params or ())) if isinstance(node, tree.Call) else ()
    return {str(each) for each in behind if isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS}


def _written_behind(statements: Sequence[tree.Statement]) -> dict[str, set[str]]:
    r"""The parameters that functions have behind a bar or a semicolon: lambda of ``\mu(x; \lambda)``."""
    found: dict[str, set[str]] = {}
    for call in (node for each in statements for node in each.body.all(tree.Call)):
        if not isinstance(call.head, tree.Symbol) or is_written_family(call):
            continue
        if not is_density_call(call) and not names_objective(call):
            found.setdefault(read_name(call.head, Indices(), head=True).full, set()).update(_groups_given(call))
    return found


def _groups_beside(statements: Sequence[tree.Statement], left: tree.Call) -> set[str]:
    r"""The groups under which the text reads a density that it declares without one: theta of ``p_\theta(x|z)`` beside
    ``p(x|z) = N(z; ...)``."""
    assert isinstance(left.head, tree.Symbol)
    if read_name(left.head, Indices(), head=True).group:
        return set()
    slots, found = (left.args, left.given), set()
    for call in (node for each in statements for node in each.body.all(tree.Call)):
        if (call.args, call.given) == slots and isinstance(call.head, tree.Symbol):
            name = read_name(call.head, Indices(), head=True)
            found |= set(name.group) if (name.letter, name.labels) == (left.head.letter, ()) else set()
    return found


def _said(body: tree.Node) -> Iterator[tuple[tree.Node, tree.Node]]:
    """What a statement says something of, and what it says."""
    if not isinstance(body, tree.Chain) or not set(body.relations) <= _SAYS:
        return
    left = body.members[0]
    if isinstance(left, tree.Prefix) and left.name == "log":
        left = left.operand
    for each in body.members[1:]:
        yield left, each


def _is_objective(node: tree.Node) -> bool:
    """Is this what is optimised, and no part of a model: an expectation, a divergence, what stands behind ``\\max``?"""
    return any(isinstance(each, tree.Expect | tree.Divergence | tree.Optimise) for each in node.walk())


def _spellings(head: tree.Symbol) -> set[str]:
    """The names that own a head: ``pi_theta``, its letter pi, and its group theta."""
    name = read_name(head, Indices(), head=True)
    return {name.full, name.id, *name.group}


def _reached(name: str, direct: Mapping[str, set[str]]) -> set[str]:
    """The owners of a name, of those, and so on."""
    found: set[str] = set()
    open_names = [name]
    while open_names:
        new = direct.get(open_names.pop(), set()) - found
        found |= new
        open_names += new
    return found


def _names_of(context: Context, owner: Network | Parameter) -> set[str | None]:
    """The names that a network or a parameter goes by: its own, its group's, the w of ``f_w``, the q and the q_phi of
    ``q_phi(z|x)``, the density whose mean it is, those of what it is a part of, and the groups that it is read with
    elsewhere."""
    said = context.made_of
    label = owner.label.split(": ")[0]
    head = label.split("(")[0]
    letter = head.removesuffix(f"_{owner.group}") if owner.group else head
    labels = letter.split("_")[1:] if owner.label.isidentifier() else []
    groups = (owner.group, *context.groups.get(owner.label, ()))
    names = (name for each in (head, label, *groups) if each is not None for name in said.get(each, ()))
    return {owner.name, owner.label, label, *groups, *labels, head, letter, *names}
