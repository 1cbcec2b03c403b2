"""The keys of streams in SQL, for a seed that is known only when the statement runs.

`draw.stream` is blake2b with a digest of 8 bytes (RFC 7693). DuckDB has no such function, so it is
written out: a recursive common table expression makes half of one of the 12 rounds of a block at a
time, for all streams at once. Additions modulo 2^64 go through HUGEINT, rotations are a shift and a
multiplication, of which none overflows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from genesis_sql.program.draw import Held, length_and
from genesis_sql.program.sql_nodes import as_type, call, case, literal, named, own, relation_name
from genesis_sql.sqlbuild import fill

SEED, KEYS = "#seed", "#keys"
"""The relation of one row with the seed's text, `text`, and that of one row with all keys."""
_INITIAL = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip
_PARAMETERS = 0x01010008  # digest of 8 bytes, no key, one leaf: into the first of them
_ORDER = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)  # the message words of the ten rounds; the last two repeat the first two
_MESSAGES = """
SELECT i, len(hex) // 2 AS size, (len(hex) // 2 + 127) // 128 AS blocks,
  rpad(hex, CAST((len(hex) // 2 + 127) // 128 * 256 AS INTEGER), '0') AS hex
FROM (
  SELECT t.i, lpad(to_hex(length(s.text)), 2, '0') || '00000000000000' || hex(s.text) || t.tail
    AS hex
  FROM $tails AS t, $seed AS s
)
"""
_WORDS = """
SELECT i, size, blocks, list(word ORDER BY p) AS m
FROM (
  SELECT i, size, blocks, p, CAST(
    '0x' || substring(hex, 16 * p + 15, 2) || substring(hex, 16 * p + 13, 2)
    || substring(hex, 16 * p + 11, 2) || substring(hex, 16 * p + 9, 2)
    || substring(hex, 16 * p + 7, 2) || substring(hex, 16 * p + 5, 2)
    || substring(hex, 16 * p + 3, 2) || substring(hex, 16 * p + 1, 2) AS UBIGINT) AS word
  FROM (SELECT i, size, blocks, hex, unnest(range(16 * blocks)) AS p FROM $messages)
)
GROUP BY i, size, blocks
"""
_SCHEDULE = """
SELECT w.i, w.size, w.blocks, list(list_extract(w.m, 16 * b + o.place + 1) ORDER BY b, o.turn) AS x
FROM (SELECT i, size, blocks, m, unnest(range(blocks)) AS b FROM $words) AS w,
  (SELECT unnest(range(192)) AS turn, unnest($order) AS place) AS o
GROUP BY w.i, w.size, w.blocks
"""
_FIRST = """
SELECT i, size, blocks, x, CAST(0 AS BIGINT) AS step, $h AS h FROM $schedule
"""
_LAST = "SELECT list(list_extract(h, 1) ORDER BY i) AS words FROM $rounds WHERE step = 24 * blocks"
_PLACES = ("tails", "seed", "messages", "words", "schedule", "rounds")
Named = list[tuple[str, exp.Expression]]


@dataclass
class HeldIdentity:
    """The streams of a model version whose seed is not known yet.

    Attributes:
        uuid: of the version.
        tails: what follows the seed in the message of each stream, in hexadecimal digits.
    """

    uuid: str
    tails: dict[str, int] = field(default_factory=dict)

    def stream(self, table: str, column: str, purpose: str) -> Held:
        """The names of the keys of one purpose of one column."""
        parts = (self.uuid, table, column, purpose)
        tail = b"".join(map(length_and, parts)).hex()
        number = self.tails.setdefault(tail, len(self.tails))
        return Held(f"#key a {number}", f"#key b {number}")


def key_tables(tails: Iterable[str]) -> Named:
    """The common table expressions that make the keys of streams, the last one `KEYS`.

    It has a row with the columns ``#key a 0``, ``#key b 0``, …; `SEED` has to stand before them.
    """
    numbered = [
        exp.Tuple(expressions=[literal(i), exp.Literal.string(tail)])
        for i, tail in enumerate(tails)
    ]
    names = [exp.to_identifier(n) for n in ("i", "tail")]
    values = exp.values([*numbered])
    values.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=names))
    tables: dict[str, exp.Expression] = {name: relation_name(f"#{name}") for name in _PLACES}
    flat = [place for order in (*_ORDER, *_ORDER[:2]) for place in order]
    tables["order"] = as_type(exp.Array(expressions=[literal(p) for p in flat]), "INTEGER[]")
    held = []
    for i in range(len(numbered)):
        word = call("list_extract", exp.column("words"), literal(i + 1))
        low, high = fill("SELECT $w % 4294967296, $w // 4294967296", w=word).expressions
        held += [(f"#key a {i}", as_type(low, "BIGINT")), (f"#key b {i}", as_type(high, "BIGINT"))]
    digests = exp.Subquery(this=fill(_LAST, **tables), alias=exp.to_identifier("d"))
    return [
        ("#tails", exp.select("i", "tail").from_(values)),
        ("#messages", fill(_MESSAGES, **tables)),
        ("#words", fill(_WORDS, **tables)),
        ("#schedule", fill(_SCHEDULE, **tables)),
        ("#rounds", _rounds()),
        (KEYS, exp.Select(expressions=named(held)).from_(digests)),
    ]


def _word(value: int) -> exp.Expression:
    return as_type(exp.Literal.number(value), "UBIGINT")


def _v(i: int) -> exp.Column:
    return exp.column(f"v{i}")


def _rounds() -> exp.Expression:
    """Half a round after the other, of all streams: ``h`` between blocks, ``v`` inside one.

    The four quarters of a half stand side by side; between the halves the rows of the state are
    turned, so that both halves take the same columns.
    """
    kept = ["i", "size", "blocks", "x", "step", "h"]
    initial = [_word(w ^ (0 if j else _PARAMETERS)) for j, w in enumerate(_INITIAL)]
    first = fill(_FIRST, h=exp.Array(expressions=initial), schedule=relation_name("#schedule"))
    assert isinstance(first, exp.Select)
    first.set("expressions", [*first.expressions, *_named((f"v{j}", _word(0)) for j in range(16))])
    tree = exp.Select(expressions=_named([*((n, exp.column(n)) for n in kept), *_begun()]))
    tree = tree.from_(relation_name("#rounds")).where(fill("step < 24 * blocks"))
    names = [*kept, *(f"v{j}" for j in range(16))]
    for made in [*_half(), _turned_rows(), _ended()]:
        shown = ((n, made.get(n, exp.column(n))) for n in names)
        tree = exp.Select(expressions=_named(shown)).from_(
            exp.Subquery(this=tree, alias=exp.to_identifier("s"))
        )
    return exp.Union(this=first, expression=tree, distinct=False)


def _named(columns: Iterable[tuple[str, exp.Expression]]) -> list[exp.Expression]:
    return [exp.Alias(this=node, alias=exp.to_identifier(name)) for name, node in columns]


def _begun() -> Named:
    """The state that half a round begins with, a new one where a block begins."""
    begins = fill("step % 24 = 0")
    v: list[exp.Expression] = [fill(f"list_extract(h, {j + 1})") for j in range(8)]
    v += [_word(w) for w in _INITIAL]
    v[12] = call("xor", v[12], fill("CAST(least(size, (step // 24 + 1) * 128) AS UBIGINT)"))
    v[14] = case([(fill("step // 24 = blocks - 1"), _word(_INITIAL[6] ^ (2**64 - 1)))], v[14])
    return [(f"v{j}", case([(begins, v[j])], _v(j))) for j in range(16)]


def _half() -> list[dict[str, exp.Expression]]:
    """The eight steps of four quarters side by side, with two message words for each."""
    levels: list[dict[str, exp.Expression]] = []
    for turn, (far, near) in enumerate(((32, 24), (16, 63))):
        steps: list[dict[str, exp.Expression]] = [{}, {}, {}, {}]
        for q in range(4):
            a, b, c, d = (_v(q + row) for row in (0, 4, 8, 12))
            message = fill(f"list_extract(x, 8 * step + {2 * q + turn + 1})")
            steps[0][a.name] = _sum(a, b, message)
            steps[1][d.name] = _turned(call("xor", d, a), far)
            steps[2][c.name] = _sum(c, d)
            steps[3][b.name] = _turned(call("xor", b, c), near)
        levels += steps
    return levels


def _turned_rows() -> dict[str, exp.Expression]:
    """Columns become diagonals behind the first half of a round, and back behind the second."""
    out: dict[str, exp.Expression] = {}
    for row, by in ((4, 1), (8, 2), (12, 3)):
        for q in range(4):
            there, back = _v(row + (q + by) % 4), _v(row + (q - by) % 4)
            turned = case([(fill("step % 2 = 0"), there)], back)
            out[f"v{row + q}"] = there if there.name == back.name else turned
    return out


def _ended() -> dict[str, exp.Expression]:
    """What half a round leaves: at the end of a block both halves of the state go into ``h``."""
    mixed = [
        call("xor", fill(f"list_extract(h, {j + 1})"), call("xor", _v(j), _v(j + 8)))
        for j in range(8)
    ]
    h = case([(fill("step % 24 = 23"), exp.Array(expressions=mixed))], exp.column("h"))
    return {"step": fill("step + 1"), "h": h}


def _sum(*parts: exp.Expression) -> exp.Expression:
    """The sum modulo 2^64."""
    total = as_type(parts[0], "HUGEINT")
    for part in parts[1:]:
        total = exp.Add(this=total, expression=own(part))
    whole = exp.Mod(this=exp.paren(total), expression=exp.Literal.number(2**64))
    return as_type(whole, "UBIGINT")


def _turned(value: exp.Expression, by: int) -> exp.Expression:
    """The bits turned to the right."""
    below, above = _word(2**by), _word(2 ** (64 - by))
    return fill("$x // $below + $x % $below * $above", x=value, below=below, above=above)
