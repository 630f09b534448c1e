"""Applying a local rewrite to every node of a program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.joints import Query
from formula2dgm.ir.program import Objective, Program, Site, Term
from formula2dgm.ir.rewrite import rewrite

N = TypeVar("N", bound=ir.Node)
Rule = Callable[[Arena, ir.Node], ir.Node]


def rewrite_program(program: Program, rule: Rule) -> Program:
    """Apply ``rule`` to every node of ``program``, leaves first; what it returns replaces the node everywhere.

    A replaced node hands on its provenance.  Nodes are interned, so whatever no rule touches stays the same
    object: a draw whose law is untouched is the same draw.
    """
    memo: dict[ir.Node, ir.Node] = {}

    def change(node: ir.Node) -> ir.Node:
        new = rule(program.arena, node)
        return new if new is node else program.arena.inherit(new, node)

    def changed(node: N) -> N:
        return rewrite(program.arena, node, change, memo)  # type: ignore[return-value]

    def term(each: Term) -> Term:
        return replace(each, coefficient=changed(each.coefficient), node=changed(each.node))

    def objective(each: Objective) -> Objective:
        return replace(each, terms=tuple(map(term, each.terms)))

    def site(each: Site) -> Site:
        return replace(each, law=None if each.law is None else changed(each.law), node=changed(each.node))

    def query(each: Query) -> Query:
        return replace(each, answers=tuple((name, changed(node)) for name, node in each.answers))

    return replace(
        program,
        objectives=tuple(map(objective, program.objectives)),
        queries=tuple(map(query, program.queries)),
        sites=tuple(map(site, program.sites)),
        generative=tuple((name, changed(node)) for name, node in program.generative),
        decoded=tuple((name, changed(node)) for name, node in program.decoded),
        rollout=program.rollout.changed(changed) if program.rollout is not None else None,
        reversal=program.reversal.changed(changed) if program.reversal is not None else None,
        denoiser=program.denoiser.changed(changed) if program.denoiser is not None else None,
        evidence=program.evidence.changed(changed) if program.evidence is not None else None,
    )
