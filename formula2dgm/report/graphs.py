"""The factor graph of a program as Graphviz, Mermaid, or a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx


def to_dot(graph: dict[str, Any]) -> str:
    """Graphviz; data variables are shaded, an edge carries its density."""
    lines = ["digraph model {", "  rankdir=TB;", '  node [shape=circle, fontname="serif"];']
    for node in graph["nodes"]:
        style = ' [style=filled, fillcolor="lightgray"]' if node["kind"] == "data" else ""
        lines.append(f'  "{node["name"]}"{style};')
    for edge in graph["edges"]:
        if edge["from"] is not None:
            lines.append(f'  "{edge["from"]}" -> "{edge["to"]}" [label="{edge["density"]}"];')
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(graph: dict[str, Any]) -> str:
    """Mermaid, for Markdown pages."""
    lines = ["graph TD"]
    for node in graph["nodes"]:
        shape = f'["{node["name"]}"]' if node["kind"] == "data" else f'(("{node["name"]}"))'
        lines.append(f"  {node['name']}{shape}")
    for edge in graph["edges"]:
        if edge["from"] is not None:
            lines.append(f'  {edge["from"]} -->|"{edge["density"]}"| {edge["to"]}')
    return "\n".join(lines) + "\n"


def to_networkx(graph: dict[str, Any]) -> networkx.MultiDiGraph:
    """A networkx graph: nodes with ``kind``, edges with ``density``; independent variables are kept."""
    import networkx

    made = networkx.MultiDiGraph()
    for node in graph["nodes"]:
        made.add_node(node["name"], kind=node["kind"])
    for edge in graph["edges"]:
        if edge["from"] is not None:
            made.add_edge(edge["from"], edge["to"], density=edge["density"])
    return made
