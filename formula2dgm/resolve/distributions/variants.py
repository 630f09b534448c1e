"""Distributions made of one another: some variables given, integrated out, or called otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor, Joint
from formula2dgm.ir.program import Input, Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.distributions.joints import parents
from formula2dgm.resolve.distributions.queries import ask
from formula2dgm.resolve.resolver import BATCH
from formula2dgm.syntax import parse_one, tree


def model_of(program: Program) -> Program | None:
    """The distribution that an objective's own densities are; None where they are no model."""
    factors = program.model
    if not factors:
        return None
    inputs = {each.name: each for each in program.inputs}
    for factor in factors:
        shape = factor.law.shape if factor.law is not None else None
        for name in factor.variables:
            known = inputs.setdefault(name, Input(name, symbol_of(name).latex(), (BATCH,), shape))
            inputs[name] = replace(known, axes=(BATCH,))
    order = tuple(name for each in reversed(factors) for name in each.variables)
    used = list(walk(*(each.log for each in factors)))
    read = {each.name for each in used if isinstance(each, ir.Data)}
    given = tuple(each.name for each in program.inputs if each.name in read - set(order))
    called = {each.network for each in used if isinstance(each, ir.NetCall)}
    held = {each.name for each in used if isinstance(each, ir.Param | ir.Hyper)}
    targets = tuple(each for each in program.targets if each.owner.name in called | held)
    called |= {each.of for each in targets}
    held |= {each.of for each in targets}
    model = replace(
        program,
        joint=Joint(factors, order, given),
        objectives=(),
        generative=(),
        model=(),
        inputs=tuple(inputs[name] for name in (*order, *given)),
        networks=tuple(each for each in program.networks if each.name in called),
        parameters=tuple(each for each in program.parameters if each.name in held),
        hyperparameters=tuple(each for each in program.hyperparameters if each.name in held),
        targets=targets,
    )
    product = parse_one(" ".join(each.label for each in reversed(factors)))
    return ask(said(model, [product]))


def conditioned(program: Program, names: Iterable[str]) -> Program:
    """The distribution of the other variables, given values of these: only where that needs no inference."""
    joint, known = joint_of(program), set(names)
    for factor in joint.factors:
        own = set(factor.variables)
        unseen = sorted((parents(factor) & set(joint.order)) - known)
        if own & known and unseen:
            values, missing = ", ".join(sorted(own & known)), ", ".join(unseen)
            raise refusal(
                "F2D-0444",
                f"given {values}, {missing} would have to be drawn from the posterior, which is not known",
                factor,
                f"pass {missing}, too, or write an inference density: q({missing}|{values})",
            )
    factors = tuple(each for each in joint.factors if not set(each.variables) & known)
    order = tuple(name for name in joint.order if name not in known)
    if not set(order) - joint.hidden:
        raise refusal("F2D-0444", "every variable is given: nothing is left to ask about", None, "leave one out")
    given = (*(name for name in joint.order if name in known), *joint.given)
    return ask(replace(program, joint=Joint(factors, order, given, joint.hidden - known)))


def factor_alone(program: Program, variable: str) -> Program:
    """The distribution of one variable given all that its law depends on."""
    factor = next(each for each in joint_of(program).factors if variable in each.variables)
    given = tuple(each.name for each in program.inputs if each.name in parents(factor))
    return ask(replace(program, joint=Joint((factor,), factor.variables, given)))


def marginalised(program: Program, names: Iterable[str]) -> Program:
    """The distribution without some of its variables."""
    joint, gone = joint_of(program), list(dict.fromkeys(names))
    for name in gone:
        need(name, joint.shown, "drawn")
    if set(gone) >= set(joint.shown):
        raise refusal("F2D-0445", "nothing would be left of the distribution", None, "keep one of its variables")
    changed = replace(joint, hidden=joint.hidden | set(gone))
    statements = _integrated(statements_of(program), tuple(symbol_of(name) for name in gone))
    return ask(said(replace(program, joint=changed), statements))


def _integrated(statements: list[tree.Node], variables: tuple[tree.Symbol, ...]) -> list[tree.Node]:
    """The statements with the integral of the product among them, or beside them that of the density declared."""
    place = next((i for i, each in enumerate(statements) if not isinstance(each, tree.Chain)), None)
    if place is None:
        head = next(each.members[0] for each in statements if isinstance(each, tree.Chain))
        return [*statements, tree.Integral(head, variables, span=head.span)]
    product = statements[place]
    return [*statements[:place], tree.Integral(product, variables, span=product.span), *statements[place + 1 :]]


def said(program: Program, statements: list[tree.Node]) -> Program:
    """The program with these statements as its text."""
    return replace(program, statements=tuple(statements))


def joint_of(program: Program) -> Joint:
    assert program.joint is not None
    return program.joint


def statements_of(program: Program) -> list[tree.Node]:
    """What the program's own text says."""
    return [each.body if isinstance(each, tree.Statement) else each for each in program.statements]


def symbol_of(text: str) -> tree.Symbol:
    symbol = parse_one(text)
    if not isinstance(symbol, tree.Symbol):
        raise refusal("F2D-0445", f"{text!r} is no name of a variable", None, "write a name: rename(x='x_u')")
    return symbol


def need(name: str, names: Iterable[str], what: str) -> None:
    names = tuple(names)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise refusal("F2D-0445", f"no variable {name} is {what} here", None, f"{hint}there are {', '.join(names)}")


def refusal(code: str, message: str, factor: Factor | None, hint: str) -> FormulaError:
    return FormulaError(Diagnostic(code, "error", message, factor.span if factor else None, hint))
