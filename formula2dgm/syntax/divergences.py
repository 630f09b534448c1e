"""Divergences: a name, and a bracket with two distributions."""

from __future__ import annotations

from formula2dgm.syntax.extents import after_scripts
from formula2dgm.syntax.nesting import directly_inside
from formula2dgm.syntax.reader import CURLY, ROUND, SQUARE, Frame, Reader
from formula2dgm.syntax.scripts import Scripts, collect_scripts, read_scripts
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS, DISTANCES, DIVERGENCES, PRODUCT_WORDS, RELATION_WORDS


def divergence_of(reader: Reader, frame: Frame, token: Token) -> tuple[str, str] | None:
    """The divergence that begins here, if one does: its name and what separates its arguments."""
    if token.accents or token.text == "E" or token.text in PRODUCT_WORDS | RELATION_WORDS:
        return None
    name, end = token.text, after_scripts(reader.tokens, reader.partner, reader.i + 1, frame.stop)
    label = _label_of(reader, token)
    sure = DIVERGENCES.get(name) or label
    if not reader.opens(end, frame, ROUND, SQUARE, CURLY, "{"):
        return None
    if sure:
        _join_bars(reader, end)
    doubles, single, commas = _separators(reader, end)
    if doubles % 2 and (name in DENSITY_LETTERS or name == "Pr") and not sure:
        bars = next(t for t in reader.tokens[end + 1 : reader.partner[end]] if t.kind == "bar" and t.text == "||")
        hint = f"a condition has one bar: {name}(z|x)"
        refuse("F2D-0115", f"two bars stand in the bracket of the density {name}", bars.span, hint)
    if doubles % 2:
        return sure or name, "||"
    if sure and not single and commas > 1:
        _several_arguments(reader, sure, end)
    if sure:
        if doubles:
            _several_arguments(reader, sure, end)
        if single or commas:
            return sure, "|" if single else ","
        _one_argument(reader, sure, end)
    if name in DISTANCES and commas == 1 and not single and not _multiplies(reader, end):
        return name, ","
    return None


#: What a distance between distributions is labelled by: its order or its cost.
_ORDERS = frozenset({"p", "q", "c", "r", "epsilon"})


def _multiplies(reader: Reader, end: int) -> bool:
    """``W_f [h, x]``: a matrix with a label of its own before a vector of several parts, and no distance."""
    orders = _ORDERS if reader.tokens[end].text == ROUND else {"p"}
    return any(each.kind == "name" and each.text not in orders for each in reader.tokens[reader.i + 1 : end])


def _label_of(reader: Reader, token: Token) -> str | None:
    """``KL`` for ``D_{KL}``."""
    start = reader.i + 1
    mark, label = reader.at(start), reader.at(start + 1)
    if token.text not in ("D", "d") or mark is None or not mark.is_op("_") or label is None:
        return None
    if label.text == "{":
        inside = reader.tokens[start + 2 : reader.partner[start + 1]]
        if _is_squared(inside):
            inside = inside[:-2]
        plain = len(inside) <= 3 and all(t.kind == "name" and not t.accents for t in inside)
        return DIVERGENCES.get("".join(t.text for t in inside)) if plain else None
    return None if label.accents else DIVERGENCES.get(label.text)


def _is_squared(label: list[Token]) -> bool:
    """``MMD^2`` as the label of a divergence."""
    return len(label) > 2 and label[-2].is_op("^") and label[-1].kind == "number"


def _join_bars(reader: Reader, opener: int) -> None:
    """``KL(q | | p)``: two bars side by side in the bracket of a divergence are its double bar."""
    for i in directly_inside(reader.tokens, reader.partner, opener + 1, reader.partner[opener] - 1):
        token, after = reader.tokens[i], reader.tokens[i + 1]
        if token.kind == after.kind == "bar" and token.text == after.text == "|":
            reader.tokens[i], reader.tokens[i + 1] = token.copy(text="||"), after.copy("dropped")
            return
    _colon_as_bars(reader, opener)


def _colon_as_bars(reader: Reader, opener: int) -> None:
    """``KL(q : p)``: a colon alone in the bracket of a divergence is its double bar."""
    separators = [
        i
        for i in directly_inside(reader.tokens, reader.partner, opener + 1, reader.partner[opener])
        if reader.tokens[i].kind == "bar" or reader.tokens[i].is_op(",", ":")
    ]
    if len(separators) == 1 and reader.tokens[separators[0]].is_op(":"):
        reader.tokens[separators[0]] = reader.tokens[separators[0]].copy("bar", "||")


def _one_argument(reader: Reader, name: str, opener: int) -> None:
    span = reader.tokens[reader.i].span | reader.tokens[reader.partner[opener]].span
    inside = _source_text(reader, opener + 1, reader.partner[opener])
    message = f"{name} compares two distributions, but there is only one here"
    refuse("F2D-0109", message, span, f"write {name}[{inside} || …], as in {name}[q(z|x) || p(z)]")


def _several_arguments(reader: Reader, name: str, opener: int) -> None:
    """``JSD(p_1, \\dots, p_n)``, ``MMD[F, p, q]``."""
    span = reader.tokens[reader.i].span | reader.tokens[reader.partner[opener]].span
    message = f"{name} compares two distributions, but a list of more stands here"
    hint = f"write {name}[p || q]; what else it depends on can stand in its subscript"
    refuse("F2D-0109", message, span, hint)


def _source_text(reader: Reader, start: int, stop: int) -> str:
    """What the author wrote from one token to another."""
    first, last = reader.tokens[start], reader.tokens[stop - 1]
    return " ".join(first.source.text[first.start : last.end].split())


def _separators(reader: Reader, opener: int) -> tuple[int, bool, int]:
    """How many double bars, whether a single bar, and how many commas stand directly in this bracket."""
    inside = list(reader.directly_inside(opener + 1, reader.partner[opener]))
    bars = [token.text for token in inside if token.kind == "bar"]
    return bars.count("||"), "|" in bars, sum(token.is_op(",") for token in inside)


def read_divergence(reader: Reader, frame: Frame, name: str, separator: str) -> None:
    token = reader.tokens[reader.i]
    labelled = token.text in ("D", "d") and _label_of(reader, token) == name
    reader.i += 1
    squared: list[Token] = []
    if labelled:
        label = reader.i + 1
        braced = reader.tokens[label].text == "{"
        reader.i = reader.partner[label] + 1 if braced else label + 1
        squared = reader.tokens[label + 1 : reader.i - 1] if braced else []
    base = token.copy()
    scripts = collect_scripts(reader, frame, base, "NAME")
    if _is_squared(squared) and not scripts.power:
        *_, mark, exponent = squared
        scripts.power = [mark.implied("SUPL"), exponent.copy("NUM"), exponent.after("SUPR")]
    if base.accents:
        refuse("F2D-0123", f"the divergence {name} takes no accent", token.span)
    reader.emit("DIV", token, name)
    reader.append(_with_labels(scripts))
    reader.operand = False
    reader.bracket("div", "LDIV", "RDIV", separator=separator)
    reader.append(scripts.power)
    read_scripts(reader, frame, None, "RDIV")


def _with_labels(scripts: Scripts) -> list[Token]:
    """The subscript of a divergence; a label above it (``D_{KL}^{adv}``) is one more item."""
    if not scripts.labels:
        return scripts.sub
    first, *inside, last = scripts.labels
    if scripts.sub:
        return [*scripts.sub[:-1], first.implied("COMMA"), *inside, scripts.sub[-1]]
    return [first.copy("SUBL"), *inside, last.copy("SUBR")]
