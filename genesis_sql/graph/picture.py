"""A schema as a picture: Mermaid text, an SVG, or plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable

_SHORT = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ", "TIME WITH TIME ZONE": "TIMETZ"}
_MOST = 60
"""Characters of a comment that are shown."""

# Lengths of the SVG in pixels: a letter is that wide at 12 px in a monospaced font.
_LETTER, _LINE, _PAD, _GAP_X, _GAP_Y = 7.3, 20, 10, 90, 30
_MOST_LETTERS = 46

_FONT = "12px ui-monospace, Menlo, Consolas, monospace"
_INKS = {"name": "#ffffff", "type": "#7b8794", "key": "#1f2933", "column": "#1f2933"}
_INK, _EDGE = "#33658a", "#9aa5b1"


def short_type(column: RawColumn) -> str:
    """The type as people write it: with its length, without the labels or fields inside.

    Example:
        >>> short_type(RawColumn("c", "VARCHAR", length=20))
        'VARCHAR(20)'
    """
    if column.type == "VARCHAR" and column.length:
        return f"VARCHAR({column.length})"
    for word in ("ENUM", "STRUCT", "MAP", "UNION"):
        if column.type.startswith(f"{word}("):
            return word + "[]" * column.type.endswith("]")
    return _SHORT.get(column.type, column.type)


def as_text(schema: RawSchema) -> str:
    """The tables, one column a line, with keys, references, labels and comments.

    Example:
        >>> column = RawColumn("id", "BIGINT", nullable=False)
        >>> print(as_text(RawSchema((RawTable("t", "", (column,), primary_key=("id",)),))))
        t
          id  BIGINT  key
    """
    parts = []
    for table in schema.tables:
        head = _flat(table.name) + (f"  -- {_flat(table.comment)}" if table.comment else "")
        names = max(len(_flat(c.name)) for c in table.columns)
        types = max(len(short_type(c)) for c in table.columns)
        lines = [
            f"  {_flat(c.name):{names}}  {short_type(c):{types}}  {_said(table, c)}".rstrip()
            for c in table.columns
        ]
        lines += [f"  unique ({_flat(', '.join(k))})" for k in table.unique_keys if len(k) > 1]
        lines += [f"  {_wide(k)}" for k in table.foreign_keys if len(k.columns) > 1]
        lines += [f"  check {_flat(check)}" for check in table.checks]
        parts.append("\n".join([head, *lines]))
    return "\n\n".join([*parts, *(f"note: {_flat(n)}" for n in schema.notes)])


def _wide(key: RawForeignKey) -> str:
    return _flat(f"({', '.join(key.columns)}) -> {key.parent}({', '.join(key.parent_columns)})")


def _said(table: RawTable, column: RawColumn) -> str:
    words = ["key"] if column.name in table.primary_key else []
    words += ["unique"] if (column.name,) in table.unique_keys else []
    words += [] if column.nullable or words else ["not null"]
    words += ["generated"] if column.generated else []
    words += [
        _flat(f"-> {k.parent}.{k.parent_columns[0]}")
        for k in table.foreign_keys
        if k.columns == (column.name,)
    ]
    words += ["one of " + _cut(", ".join(column.values))] if column.values else []
    words += [column.reason] if column.reason else []
    text = ", ".join(words)
    return f"{text}  -- {_flat(column.comment)}" if column.comment else text


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _cut(text: str) -> str:
    flat = _flat(text)
    return flat if len(flat) <= _MOST else flat[: _MOST - 1] + "…"


def as_mermaid(schema: RawSchema) -> str:
    """An entity relationship diagram in Mermaid's language (mermaid.js.org/syntax).

    Example:
        >>> column = RawColumn("a b", "DECIMAL(10,2)", comment='said "so"')
        >>> print(as_mermaid(RawSchema((RawTable("t", "", (column,)),))))
        erDiagram
          "t" {
            DECIMAL(10-2) a_b "a b: said 'so'"
          }
    """
    lines = ["erDiagram"]
    for table in schema.tables:
        lines.append(f"  {_entity(table.name)} {{")
        lines += [f"    {_attribute(table, c)}" for c in table.columns]
        lines.append("  }")
    for table in schema.tables:
        for key in table.foreign_keys:
            one, many = _ends(table, key)
            parent, child = _entity(key.parent), _entity(table.name)
            label = _quiet(", ".join(key.columns))
            lines.append(f'  {parent} {one}--{many} {child} : "{label}"')
    return "\n".join(lines)


def _ends(table: RawTable, key: RawForeignKey) -> tuple[str, str]:
    """How many rows stand at the two ends of a reference: none or one, and one or many."""
    nullable = any(c.nullable for c in table.columns if c.name in key.columns)
    return "|o" if nullable else "||", "o|" if _is_single(table, key) else "o{"


def _is_single(table: RawTable, key: RawForeignKey) -> bool:
    return any(set(k) <= set(key.columns) for k in (table.primary_key, *table.unique_keys) if k)


def _entity(name: str) -> str:
    return f'"{_quiet(name)}"'


def _quiet(text: str) -> str:
    """A text that may stand in Mermaid's quotes."""
    return re.sub(r"[%\\]", "_", _flat(text).replace('"', "'"))


def _attribute(table: RawTable, column: RawColumn) -> str:
    kind = re.sub(r"[^\w()\[\]-]", "", short_type(column).replace(",", "-").replace(" ", "_"))
    name = re.sub(r"\W", "_", column.name)
    name = name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"
    marks = ["PK"] if column.name in table.primary_key else []
    marks += ["FK"] if any(column.name in k.columns for k in table.foreign_keys) else []
    marks += ["UK"] if (column.name,) in table.unique_keys else []
    said = _quiet(_cut(column.comment or ""))
    if name != column.name:
        said = f"{_quiet(column.name)}: {said}" if said else _quiet(column.name)
    return " ".join(
        [kind, name, *([", ".join(marks)] if marks else []), *([f'"{said}"'] if said else [])]
    )


@dataclass(frozen=True)
class _Box:
    """Where a table stands."""

    table: RawTable
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return (len(self.table.columns) + 1) * _LINE + _PAD / 2

    def row(self, name: str) -> float:
        """The middle of a column's line."""
        at = [c.name for c in self.table.columns].index(name)
        return self.y + (at + 1.5) * _LINE + _PAD / 4


def as_svg(schema: RawSchema) -> str:
    """The tables as boxes, parents on the left, each reference a line from column to key.

    A dashed line is a reference that may be NULL.
    """
    boxes = _placed(schema)
    width = max(b.x + b.width for b in boxes.values()) + _GAP_X / 2
    height = max(b.y + b.height for b in boxes.values()) + _GAP_Y / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="schema">',
        f"<style>text {{ font: {_FONT}; }} .name, .key {{ font-weight: 700; }}</style>",
        '<rect width="100%" height="100%" fill="#f5f7fa"/>',
    ]
    for box in boxes.values():
        parts += [_line(box, boxes[k.parent], k) for k in box.table.foreign_keys]
    for box in boxes.values():
        parts += _drawn(box)
    return "\n".join([*parts, "</svg>"])


def _layers(schema: RawSchema) -> list[list[RawTable]]:
    """Parents before children; a key that closes a circle does not count."""
    tables = {t.name: t for t in schema.tables}
    depth: dict[str, int] = {}

    def visit(name: str, path: tuple[str, ...]) -> int:
        if name not in depth:
            above = {k.parent for k in tables[name].foreign_keys} - {*path, name}
            found = [visit(p, (*path, name)) for p in sorted(above)]
            depth[name] = max((d + 1 for d in found), default=0)
        return depth[name]

    for name in tables:
        visit(name, ())
    found = [
        [t for t in schema.tables if depth[t.name] == at] for at in range(max(depth.values()) + 1)
    ]
    return [layer for layer in found if layer]


def _placed(schema: RawSchema) -> dict[str, _Box]:
    """The box of each table; in a layer by the height of its parents: fewer lines cross."""
    boxes: dict[str, _Box] = {}
    x = _GAP_X / 2
    for layer in _layers(schema):
        y = _GAP_Y / 2
        widths = [_width(t) for t in layer]
        for table in sorted(layer, key=lambda t: _height_of_parents(t, boxes)):
            boxes[table.name] = _Box(table, x, y, _width(table))
            y += boxes[table.name].height + _GAP_Y
        x += max(widths) + _GAP_X
    return {t.name: boxes[t.name] for t in schema.tables}


def _height_of_parents(table: RawTable, boxes: Mapping[str, _Box]) -> float:
    above = [boxes[k.parent].y for k in table.foreign_keys if k.parent in boxes]
    return sum(above) / len(above) if above else 0.0


def _width(table: RawTable) -> float:
    lines = [len(a) + len(b) + 2 for a, b in map(_words, table.columns)]
    return max(len(_title(table)), *lines) * _LETTER + 2 * _PAD


def _words(column: RawColumn) -> Sequence[str]:
    name = _flat(column.name)
    return (
        name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…",
        short_type(column),
    )


def _title(table: RawTable) -> str:
    name = _flat(table.name)
    return name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…"


def _drawn(box: _Box) -> Iterator[str]:
    table, x, y = box.table, box.x, box.y
    place = f'x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" rx="4"'
    yield f"<g><title>{_xml(_flat(table.comment or table.name))}</title>"
    yield f'<rect {place} height="{box.height:.1f}" fill="#ffffff" stroke="{_EDGE}"/>'
    yield f'<rect {place} height="{_LINE}" fill="{_INK}"/>'
    yield _words_at(x + _PAD, y + 14, _title(table), "name")
    for column in table.columns:
        name, kind = _words(column)
        base = box.row(column.name) + 4
        is_key = column.name in table.primary_key
        yield _words_at(x + _PAD, base, name, "key" if is_key else "column", column.comment)
        yield _words_at(x + box.width - _PAD, base, kind, "type", None, end=True)
    yield "</g>"


def _words_at(
    x: float, y: float, text: str, kind: str, told: str | None = None, *, end: bool = False
) -> str:
    anchor = ' text-anchor="end"' * end
    title = f"<title>{_xml(_flat(told))}</title>" if told else ""
    place = f'x="{x:.1f}" y="{y:.1f}" fill="{_INKS[kind]}"{anchor}'
    return f'<text class="{kind}" {place}>{title}{_xml(text)}</text>'


def _xml(text: str) -> str:
    """Text for XML, without the characters that it cannot hold."""
    kept = (c for c in text if c >= " " and not "\ud800" <= c <= "\udfff")
    return escape("".join(c for c in kept if c not in "\ufffe\uffff"))


def _line(child: _Box, parent: _Box, key: RawForeignKey) -> str:
    """A reference, from the left of its column to the right of the key, or around on the right."""
    start, stop = child.row(key.columns[0]), parent.row(key.parent_columns[0])
    nullable = any(c.nullable for c in child.table.columns if c.name in key.columns)
    to_x = parent.x + parent.width
    beside = child.x <= parent.x  # the same layer, or behind: the line leaves on the right
    from_x = child.x + child.width if beside else child.x
    bend = _GAP_X * 0.6
    near = from_x + bend if beside else from_x - bend
    shown = _xml(f"{child.table.name}({', '.join(key.columns)}) -> {key.parent}")
    begin, end = f"{from_x:.1f} {start:.1f}", f"{to_x:.1f} {stop:.1f}"
    path = f"M {begin} C {near:.1f} {start:.1f} {to_x + bend:.1f} {stop:.1f} {end}"
    dashes = ' stroke-dasharray="5 4"' * nullable
    return (
        f'<path d="{path}" fill="none" stroke="{_INK}" stroke-width="1.5"{dashes}>'
        f"<title>{shown}</title></path>"
        f'<circle cx="{to_x:.1f}" cy="{stop:.1f}" r="3.5" fill="{_INK}"/>'
    )
