"""The factor graph of a program as Graphviz, Mermaid, or a networkx graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx

Graph = Mapping[str, Any]
NodeLine = Callable[[Mapping[str, Any]], str]
PlateLine = Callable[[int, Mapping[str, Any]], str]
_DOT_SHAPES = {"data": 'style=filled, fillcolor="lightgray"', "deterministic": "shape=box", "parameter": "shape=none"}
_MERMAID_SHAPES = {"deterministic": ("[", "]"), "parameter": ("[", "]")}


def to_dot(graph: Graph) -> str:
    """Graphviz: data shaded, networks' results in boxes, plates as clusters, inference dashed."""
    lines = ["digraph model {", "  rankdir=TB;", '  node [shape=circle, fontname="serif"];']
    lines += _nested(graph, _dot_node, _dot_plate, "}")
    for edge in _edges(graph):
        style = ", style=dashed, constraint=false" if edge["kind"] == "inference" else ""
        lines.append(f'  "{edge["from"]}" -> "{edge["to"]}" [label="{_label(edge)}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def _dot_node(node: Mapping[str, Any]) -> str:
    style = _DOT_SHAPES.get(node["kind"])
    return f'"{node["name"]}"' + (f" [{style}];" if style else ";")


def _dot_plate(number: int, plate: Mapping[str, Any]) -> str:
    return f'subgraph cluster_{number} {{ label="{_times(plate)}"; labeljust=r; labelloc=b;'


def to_mermaid(graph: Graph) -> str:
    """Mermaid, for Markdown pages: data shaded, plates as subgraphs, inference dotted."""
    names = _mermaid_names(graph)

    def node_line(node: Mapping[str, Any]) -> str:
        left, right = _MERMAID_SHAPES.get(node["kind"], ("((", "))"))
        return f'{names[node["name"]]}{left}"{node["name"]}"{right}'

    def plate_line(number: int, plate: Mapping[str, Any]) -> str:
        return f'subgraph plate_{number} ["{_times(plate)}"]'

    lines = ["graph TD", *_nested(graph, node_line, plate_line, "end")]
    for edge in _edges(graph):
        arrow = "-.->" if edge["kind"] == "inference" else "-->"
        label = f'|"{_label(edge)}"|' if _label(edge) else ""
        lines.append(f"  {names[edge['from']]} {arrow}{label} {names[edge['to']]}")
    data = [names[each["name"]] for each in graph["nodes"] if each["kind"] == "data"]
    bare = [names[each["name"]] for each in graph["nodes"] if each["kind"] == "parameter"]
    for style, members in (("data fill:#d3d3d3", data), ("parameter fill:none,stroke:none", bare)):
        if members:
            lines += [f"  classDef {style}", f"  class {','.join(members)} {style.split()[0]}"]
    return "\n".join(lines) + "\n"


def to_networkx(graph: Graph) -> networkx.MultiDiGraph:
    """A networkx graph: nodes with ``kind`` and ``plates``, edges with ``density`` and ``kind``.

    Variables that nothing is connected with are kept.
    """
    import networkx

    made = networkx.MultiDiGraph()
    for node in graph["nodes"]:
        made.add_node(node["name"], kind=node["kind"], plates=tuple(node["plates"]))
    for edge in _edges(graph):
        made.add_edge(edge["from"], edge["to"], density=edge["density"], kind=edge["kind"], lag=edge["lag"])
    return made


def _edges(graph: Graph) -> list[dict[str, Any]]:
    """The edges between two nodes, not the densities that are given nothing."""
    return [each for each in graph["edges"] if each["from"] is not None]


def _label(edge: Mapping[str, Any]) -> str:
    """The density; of an edge from an earlier step, how much earlier."""
    return f"{edge['density']}, t{-edge['lag']:+d}" if edge["lag"] else str(edge["density"])


def _times(plate: Mapping[str, Any]) -> str:
    return str(plate["axis"]) if plate["size"] is None else f"{plate['axis']} = 1..{plate['size']}"


def _nested(graph: Graph, node_line: NodeLine, plate_line: PlateLine, close: str) -> list[str]:
    """The nodes inside their plates; a plate lies inside one that holds all of its nodes."""
    plates: Sequence[Mapping[str, Any]] = graph["plates"]
    members = [{each["name"] for each in graph["nodes"] if plate["name"] in each["plates"]} for plate in plates]
    done: set[str] = set()

    def write(inside: set[str], first: int, indent: str) -> Iterator[str]:
        for i in range(first, len(plates)):
            if members[i] <= inside and not members[i] & done:
                yield indent + plate_line(i, plates[i])
                yield from write(members[i], i + 1, indent + "  ")
                yield indent + close
        for node in graph["nodes"]:
            if node["name"] in inside and node["name"] not in done:
                done.add(node["name"])
                yield indent + node_line(node)

    return list(write({each["name"] for each in graph["nodes"]}, 0, "  "))


def _mermaid_names(graph: Graph) -> dict[str, str]:
    """Identifiers that Mermaid takes, each of its own: ``end`` is a word of Mermaid's."""
    names: dict[str, str] = {}
    for node in graph["nodes"]:
        plain = re.sub(r"\W", "_", node["name"])
        while plain in names.values() or plain in ("end", "graph", "subgraph", "class", "style"):
            plain += "_"
        names[node["name"]] = plain
    return names
