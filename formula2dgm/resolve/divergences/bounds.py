"""Upper bounds on the KL of mixtures, by name; the divergence itself has no closed form.

    convexity-bound    sum_a w_a sum_b v_b KL[f_a || g_b]
    variational-bound  sum_a w_a (-log sum_b v_b exp(-KL[f_a || g_b]))

for f = sum_a w_a f_a and g = sum_b v_b g_b. Both follow from the convexity of KL in its left side; the first from that
in its right side, the second, the tighter one, from Hershey and Olsen's variational lower bound on E_{f_a}[log g]
(2007, section 7).
"""

from __future__ import annotations

from formula2dgm.resolve.context import Context
from formula2dgm.resolve.operators.mixtures import over_components
from formula2dgm.syntax import tree

#: The bounds that ``divergences={"KL[q || p]": ...}`` names.
BOUNDS = ("convexity-bound", "variational-bound")


def by_bound(context: Context, node: tree.Divergence, choice: str) -> tree.Node | None:
    """The bound that was chosen, as an expression of divergences between components; None where none was."""
    if choice not in BOUNDS:
        return None

    def right(component: tree.Node) -> tree.Node:
        return _over_right(context, tree.Divergence("KL", component, node.right, span=node.span), choice)

    bound = over_components(context, node.left, right) or right(node.left)
    if bound == node:
        raise context.refuse(
            "F2D-0708",
            f"{node} has no mixture on a side, so there is no {choice}",
            node.span,
            "write one of its sides as a mixture: p(z) = \\sum_k \\pi_k N(z; \\mu_k, \\sigma_k^2 I)",
        )
    context.assume(f"{node} is its {choice}, which is above it", node.span)
    return bound


def _over_right(context: Context, node: tree.Divergence, choice: str) -> tree.Node:
    """The bound for a single density on the left."""
    span = node.span

    def divergence(component: tree.Node) -> tree.Node:
        return tree.Divergence("KL", node.left, component, span=span)

    if choice == "convexity-bound":
        return over_components(context, node.right, divergence) or node

    def weight(component: tree.Node) -> tree.Node:
        return tree.Func("exp", (tree.Neg(divergence(component), span=span),), span=span)

    total = over_components(context, node.right, weight)
    return node if total is None else tree.Neg(tree.Func("log", (total,), span=span), span=span)
