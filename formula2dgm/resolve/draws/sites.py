"""The final names of random sites, once all draws are known."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program, Site
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.resolve.context import Context


def name_sites(program: Program, context: Context) -> Program:
    """Name each site by its variable if one site draws it, else by its density; a repeat gets ``#2``."""
    roots = [term.node for objective in program.objectives for term in objective.terms]
    random = [node for node in walk(*roots) if isinstance(node, ir.Draw | ir.Permuted)]
    provisional = list(dict.fromkeys(node.site for node in random))
    variables = {site: site.split("@")[0] for site in provisional}
    laws = {node.site: node.law.label for node in random if isinstance(node, ir.Draw)}
    final: dict[str, str] = {}
    for site in provisional:
        variable = variables[site]
        alone = sum(1 for each in variables.values() if each == variable) == 1
        base = variable if alone else laws.get(site, variable)
        count = sum(1 for each in final.values() if each.split("#")[0] == base)
        final[site] = base if count == 0 else f"{base}#{count + 1}"

    states = {node.site for node in walk(*roots) if isinstance(node, ir.State)}
    final |= {site: f"{site.split('@')[0]} value" for site in states if "@" in site or site in final.values()}
    arena = program.arena
    estimators = context.estimators.of_sites

    def rename(node: ir.Node) -> ir.Node:
        if isinstance(node, ir.Draw) and final.get(node.site, node.site) != node.site:
            return arena.inherit(arena.make(ir.Draw, node.law, final[node.site], node.own, node.copy), node)
        if isinstance(node, ir.Permuted) and final.get(node.site, node.site) != node.site:
            fields = node.value, final[node.site], node.axis, node.entries, node.to, node.weight
            return arena.inherit(arena.make(ir.Permuted, *fields), node)
        if isinstance(node, ir.State) and final.get(node.site, node.site) != node.site:
            return arena.inherit(arena.make(ir.State, node.body, final[node.site], node.time, node.shape), node)
        if isinstance(node, ir.Previous) and final.get(node.site, node.site) != node.site:
            return arena.inherit(
                arena.make(ir.Previous, final[node.site], node.time, node.initial, node.own, node.lag, node.lengths),
                node,
            )
        return node

    memo: dict[ir.Node, ir.Node] = {}
    objectives = tuple(
        replace(
            objective,
            terms=tuple(replace(term, node=rewrite(arena, term.node, rename, memo)) for term in objective.terms),
        )
        for objective in program.objectives
    )
    made = tuple((name, rewrite(arena, node, rename, memo)) for name, node in program.decoded)
    rollout = program.rollout and program.rollout.changed(lambda node: rewrite(arena, node, rename, memo))
    sites: dict[str, Site] = {}
    for node in walk(*(term.node for objective in objectives for term in objective.terms)):
        if isinstance(node, ir.Draw):
            noise = registry.family(node.law.family).noise
            old = next((key for key, value in final.items() if value == node.site), node.site)
            pathwise = registry.family(node.law.family).pathwise
            estimator = estimators.get(old, "pathwise" if pathwise else "detached")
            sites.setdefault(
                node.site,
                Site(node.site, variables.get(old, node.site), node.law, node, node.axes, noise, estimator),
            )
        elif isinstance(node, ir.Permuted):
            sites.setdefault(node.site, Site(node.site, node.site, None, node, (node.axis,), "permutation", "detached"))
    return replace(program, objectives=objectives, decoded=made, sites=tuple(sites.values()), rollout=rollout)
