"""The same distribution of variables with other names: nothing else changes, the weights are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.joints import Factor, Joint
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import rewrite
from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.resolve.distributions.queries import ask
from formula2dgm.resolve.distributions.variants import joint_of, need, refusal, said, statements_of, symbol_of
from formula2dgm.syntax import parse_one, tree


def renamed(program: Program, names: Mapping[str, str]) -> Program:
    """The distribution with other names for some of its variables: old -> new, as formulas write them."""
    joint = joint_of(program)
    for old in names:
        need(old, (*joint.shown, *joint.given), "read or drawn")
    renaming = _Renaming(program.arena, {old: symbol_of(new) for old, new in names.items()})
    kept = [each.name for each in program.inputs if each.name not in names]
    everything = [*kept, *(each.name for each in program.hyperparameters), *renaming.ids.values()]
    twice = [name for name in renaming.ids.values() if everything.count(name) > 1]
    if twice:
        raise refusal("F2D-0445", f"two variables would be called {twice[0]}", None, "give each a name of its own")
    inputs = tuple(
        replace(each, name=renaming.ids[each.name], latex=renaming.symbols[each.name].latex())
        if each.name in names
        else each
        for each in program.inputs
    )
    networks = tuple(replace(each, label=renaming.label(each.label)) for each in program.networks)
    changed = replace(program, joint=renaming.joint(joint), inputs=inputs, networks=networks)
    return ask(said(changed, [renaming.spelled(each) for each in statements_of(program)]))


@dataclass(slots=True)
class _Renaming:
    """New symbols for old names, put into whatever holds a name."""

    arena: Arena
    symbols: dict[str, tree.Symbol]
    memo: dict[ir.Node, ir.Node] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        return {old: _id(symbol) for old, symbol in self.symbols.items()}

    def joint(self, joint: Joint) -> Joint:
        factors = tuple(map(self._factor, joint.factors))
        return Joint(factors, self._all(joint.order), self._all(joint.given), frozenset(self._all(joint.hidden)))

    def _factor(self, factor: Factor) -> Factor:
        law = None if factor.law is None else rewrite(self.arena, factor.law, self._node, self.memo)
        assert law is None or isinstance(law, ir.Law)
        log = rewrite(self.arena, factor.log, self._node, self.memo)
        return Factor(self._all(factor.variables), log, law, self.label(factor.label), factor.span)

    def _all(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.ids.get(name, name) for name in names)

    def _node(self, node: ir.Node) -> ir.Node:
        match node:
            case ir.Data(name, axes) if name in self.symbols:
                return self.arena.make(ir.Data, self.ids[name], axes)
            case ir.Law(label, family, params, shape, scalar, options):
                return self.arena.make(ir.Law, self.label(label), family, params, shape, scalar, options)
        return node

    def label(self, label: str) -> str:
        """``p(x|z)``, ``loc of p(x|z)``."""
        before, of, density = label.rpartition(" of ")
        return f"{before}{of}{self.spelled(parse_one(density))}" if "(" in density else label

    def spelled(self, node: tree.Node) -> tree.Node:
        """The syntax with the new symbols; heads of densities and networks stay."""
        if isinstance(node, tree.Symbol):
            return self.symbols.get(_id(node), node)
        made = map_children(node, self.spelled)
        return replace(made, head=node.head) if isinstance(node, tree.Call) and isinstance(made, tree.Call) else made


def _id(symbol: tree.Symbol) -> str:
    return read_name(symbol, frozenset()).id
