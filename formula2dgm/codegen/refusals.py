"""What the generator refuses, with its place: every other program that the resolver makes can be written."""

from __future__ import annotations

from formula2dgm.codegen.recurrence import Loop
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.spans import Span


class NoOrderOfSteps(FormulaError):
    """Values each of which needs another step of the others, earlier and later."""


def no_order_of_steps(program: Program, loop: Loop, node: ir.Node) -> NoOrderOfSteps:
    """The error for values without an order of their steps, where they stand in the formula."""
    carried = ", ".join(each.site for each in loop.carried)
    message = f"{carried} cannot be computed step by step: each step needs steps that come before it and after it"
    hint = "a recurrence reads steps of one direction, t-1 or t+1, and no sums over all steps of itself"
    places = (node, *loop.carried, *loop.previous)
    span = next((found[0].span for each in places if (found := program.arena.origins(each))), None)
    return NoOrderOfSteps(Diagnostic("F2D-0421", "error", message, span, hint))


def unknown_start(site: str, span: Span | None) -> FormulaError:
    """An error for a state that starts at zero, of a shape that nothing says."""
    message = f"nothing says the shape of {site} before the first step"
    hint = (
        f"declare it, {site} \\in \\mathbb{{R}}^{{32}} or dims={{{site!r}: 32}}, or say what it starts from, {site}_0"
    )
    return FormulaError(Diagnostic("F2D-0610", "error", message, span, hint))


def unknown_shape(site: str, span: Span | None) -> FormulaError:
    """An error for a draw whose event shape nothing says."""
    hint = f"say it: dims={{{site!r}: 16}}, or event_shape= where its prior is bound"
    return FormulaError(Diagnostic("F2D-0610", "error", f"nothing says the shape of {site}", span, hint))


def unknown_steps(index: str, span: Span) -> FormulaError:
    """An error for steps of which nothing says how many there are."""
    hint = "write T = 1000, bind T, or bind what is read at each step to a tensor with a row for each"
    return FormulaError(Diagnostic("F2D-0452", "error", f"nothing says how many steps {index} runs over", span, hint))


def drawn_again(program: Program, node: ir.Node, network: str) -> FormulaError:
    """An error for two derivatives of one call of a network with random layers, which would draw for each."""
    places = program.arena.origins(node) or program.arena.origins(node.children[0])
    message = f"{network} has random layers, and several derivatives of one call of it would each draw them again"
    hint = "write one derivative, \\frac{d}{dt}, which follows all that moves; or leave out its random layers"
    return FormulaError(Diagnostic("F2D-0553", "error", message, places[0].span if places else None, hint))
