"""A schema as text, as Mermaid and as an SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from genesis_sql.graph.picture import as_mermaid, as_svg, as_text
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable

SHOP = """
CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(120) UNIQUE, -- where they "read"
  status TEXT NOT NULL CHECK (status IN ('on', 'off')), boss INT REFERENCES customers);
CREATE TABLE cards (customer INT PRIMARY KEY REFERENCES customers, price DECIMAL(10,2), at TIMESTAMPTZ);
CREATE TABLE orders (a INT, b INT, customer INT NOT NULL REFERENCES customers, PRIMARY KEY (a, b), UNIQUE (b, customer));
CREATE TABLE lines (a INT, b INT, FOREIGN KEY (a, b) REFERENCES orders);
COMMENT ON TABLE customers IS 'who buys';
"""
EVIL = 'x\'); DROP "TABLE" <script> %victim\\; --\n1é\x00'


@pytest.fixture(scope="module")
def shop() -> RawSchema:
    return read_ddl(SHOP)


@pytest.fixture(scope="module")
def hostile() -> RawSchema:
    column = RawColumn(EVIL, "ENUM('a')", comment=EVIL, values=("a",))
    key = RawForeignKey((EVIL,), EVIL, (EVIL,))
    return RawSchema((RawTable(EVIL, "", (column,), foreign_keys=(key,), comment=EVIL),))


def test_text(shop: RawSchema) -> None:
    blocks = as_text(shop).split("\n\n")
    assert blocks[0] == (
        "customers  -- who buys\n"
        "  id      INTEGER       key\n"
        '  email   VARCHAR(120)  unique  -- where they "read"\n'
        "  status  VARCHAR       not null, one of on, off\n"
        "  boss    INTEGER       -> customers.id\n"
        "  check status IN ('on', 'off')"
    )
    assert "  unique (b, customer)" in blocks[2]
    assert "  (a, b) -> orders(a, b)" in blocks[3]


def test_mermaid(shop: RawSchema) -> None:
    text = as_mermaid(shop)
    assert text.startswith('erDiagram\n  "customers" {\n    INTEGER id PK\n')
    assert "    VARCHAR(120) email UK \"where they 'read'\"" in text
    assert "    DECIMAL(10-2) price" in text
    assert text.splitlines()[-4:] == [
        '  "customers" |o--o{ "customers" : "boss"',
        '  "customers" ||--o| "cards" : "customer"',
        '  "customers" ||--o{ "orders" : "customer"',
        '  "orders" |o--o{ "lines" : "a, b"',
    ]


def test_svg(shop: RawSchema) -> None:
    tree = ElementTree.fromstring(as_svg(shop))
    kind = "{http://www.w3.org/2000/svg}"
    texts = ["".join(t.itertext()) for t in tree.iter(f"{kind}text")]
    assert {"customers", "orders", "VARCHAR(120)", "TIMESTAMPTZ"} <= set(texts)
    lines = list(tree.iter(f"{kind}path"))
    assert len(lines) == 4
    assert len([p for p in lines if "stroke-dasharray" in p.attrib]) == 2  # boss, and a with b
    heads = {r.attrib["x"]: r.attrib["y"] for r in tree.iter(f"{kind}rect") if "x" in r.attrib}
    assert len(heads) == 3  # customers; cards and orders; lines
    width = float(tree.attrib["width"])
    for rect in tree.iter(f"{kind}rect"):
        if "x" in rect.attrib:
            assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width


def test_no_two_boxes_cover_each_other(shop: RawSchema) -> None:
    tree = ElementTree.fromstring(as_svg(shop))
    rects = [r for r in tree.iter("{http://www.w3.org/2000/svg}rect") if r.get("fill") == "#ffffff"]
    boxes = [[float(r.attrib[k]) for k in ("x", "y", "width", "height")] for r in rects]
    assert len(boxes) == 4
    for one in boxes:
        for other in boxes:
            apart = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            above = one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
            assert one is other or apart or above


def test_a_circle_of_tables() -> None:
    schema = read_ddl(
        "CREATE TABLE a (id INT PRIMARY KEY, b INT REFERENCES b);"
        "CREATE TABLE b (id INT PRIMARY KEY, a INT REFERENCES a)"
    )
    assert as_svg(schema).count("<path") == 2
    assert as_mermaid(schema).count("--o{") == 2


def test_hostile_names_stay_inside(hostile: RawSchema) -> None:
    svg = as_svg(hostile)
    tree = ElementTree.fromstring(svg)
    assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))
    assert "<script" not in svg
    mermaid = as_mermaid(hostile)
    assert len(mermaid.splitlines()) == 5
    for line in mermaid.splitlines():
        assert line.count('"') % 2 == 0
        assert not re.search(r"[%\\]", line)
    assert len(as_text(hostile).splitlines()) == 2
