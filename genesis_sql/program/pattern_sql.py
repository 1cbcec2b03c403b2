"""Patterns written in SQL: the same texts and integers as `pattern_numpy`, character for character.

Only `+ - * // % ||`, CASE, CAST, substring and lpad; no intermediate passes 2**63. Each form comes
twice: one expression, in which the number stands many times, and a chain of named columns, each a
function of those before it, that a query can put one above the other (`*_columns`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from sqlglot import exp

from genesis_sql.program.pattern import (
    DIGITS,
    SHARES,
    STRIDE,
    UUID,
    UUID_BLOCKS,
    WORD,
    Block,
    Counter,
    Pattern,
    Run,
    Shape,
    content_words,
    draw_blocks,
    fill_constants,
    key_blocks,
    mix_constants,
    overflow_mark,
    residues,
    unique_shares,
)
from genesis_sql.program.scatter import HALF, PRIME, PRIME2, IntegerKey, Scatter

Node = exp.Expression | int
Let = Callable[[exp.Expression], exp.Expression]
"""Gives a value a name and returns what stands for it from then on."""

Columns = list[tuple[str, exp.Expression]]


def unique_sql(pattern: Pattern, number: exp.Expression) -> exp.Expression:
    """Text of a row number (BIGINT, 0 or more) as one expression; the number best is a column.

    Example:
        >>> shape = Shape(("A", Run("0123456789", 2)))
        >>> key = Pattern("identifier", (shape,), (9,), Counter(1, 1, 2, "A"))
        >>> unique_sql(key, exp.column("i")).sql("duckdb").startswith("'A' || CASE")
        True
    """
    return _unique(pattern, _bigint(number), lambda node: node)


def unique_columns(pattern: Pattern, number: str, name: str) -> Columns:
    """The same as a chain of columns named ``name`` and a count; the last one is the text."""
    return _chain(
        name, lambda let: _unique(pattern, let(_bigint(exp.column(number, quoted=True))), let)
    )


def render_sql(pattern: Pattern, words: Sequence[exp.Expression]) -> exp.Expression:
    """Text of random words (integers below 2**32), ``pattern.words_needed`` of them."""
    return _drawn(pattern, [_bigint(w) for w in words], lambda node: node)


def render_columns(pattern: Pattern, words: Sequence[str], name: str) -> Columns:
    """The same as a chain of columns named ``name`` and a count; the last one is the text."""
    return _chain(
        name,
        lambda let: _drawn(pattern, [let(_bigint(exp.column(w, quoted=True))) for w in words], let),
    )


def uuid_sql(words: Sequence[exp.Expression]) -> exp.Expression:
    """UUID of version 4, as text, of four random words."""
    return render_sql(Pattern("uuid", (UUID,), (1,)), words)


def integer_key_sql(key: IntegerKey, number: exp.Expression) -> exp.Expression:
    """Key of a row number (BIGINT, 0 or more)."""
    at, (half, middle) = _bigint(number), key.middle
    if not key.sequential:
        how = Scatter.of(key.high, key.low, key.salt)
        left, right = _scatter(_mod(at, key.modulus), how, lambda node: node)
        inside = _add(_mul(left, key.low), right)
        at = _case([(_less(at, key.modulus), inside)], at)
    return _add(_bigint(middle), _mul(_bigint(key.step), _sub(at, half)))


def _chain(name: str, write: Callable[[Let], exp.Expression]) -> Columns:
    columns: Columns = []

    def let(node: exp.Expression) -> exp.Expression:
        columns.append((f"{name}{len(columns)}", node))
        return exp.column(columns[-1][0], quoted=True)

    let(write(let))
    return columns


def _own(node: Node) -> exp.Expression:
    """A node without parent: copied only where it stands somewhere already, as copies are slow."""
    if isinstance(node, int):
        return exp.Literal.number(node)
    return node.copy() if node.parent else node


def _binary(kind: type[exp.Expression], left: Node, right: Node) -> exp.Expression:
    sides = [_own(left), _own(right)]
    return kind(**dict(zip(("this", "expression"), map(_bracket, sides), strict=True)))


def _bracket(node: exp.Expression) -> exp.Expression:
    return exp.paren(node, copy=False) if isinstance(node, exp.Binary | exp.DPipe) else node


def _add(left: Node, right: Node) -> exp.Expression:
    return _binary(exp.Add, left, right)


def _sub(left: Node, right: Node) -> exp.Expression:
    return _binary(exp.Sub, left, right)


def _mul(left: Node, right: Node) -> exp.Expression:
    return _binary(exp.Mul, left, right)


def _div(left: Node, right: int) -> exp.Expression:
    return _binary(exp.IntDiv, left, right) if right > 1 else _own(left)


def _mod(left: Node, right: int) -> exp.Expression:
    return _binary(exp.Mod, left, right) if right > 1 else exp.Literal.number(0)


def _less(left: Node, right: int) -> exp.Expression:
    return _binary(exp.LT, left, right)


def _case(cases: Sequence[tuple[exp.Expression, exp.Expression]], otherwise: Node) -> exp.Case:
    ifs = [exp.If(this=_own(when), true=_own(then)) for when, then in cases]
    return exp.Case(ifs=ifs, default=_own(otherwise))


def _bigint(node: Node) -> exp.Expression:
    return exp.cast(_own(node), "BIGINT", copy=False)


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def _join(texts: Sequence[exp.Expression]) -> exp.Expression:
    """Concatenation as a balanced tree: a long text must not nest deeply."""
    if len(texts) < 2:
        return _own(texts[0]) if texts else _text("")
    half = len(texts) // 2
    left, right = _bracket(_join(texts[:half])), _bracket(_join(texts[half:]))
    return exp.DPipe(this=left, expression=right, safe=True)


def _mixed(value: exp.Expression, s: int, t: int, c: int) -> exp.Expression:
    """``(value + s)(value + t) mod p · c mod p'``."""
    product = _mul(_add(value, s), _add(value, t))
    return _mod(_mul(_mod(product, PRIME), c), PRIME2)


def _scatter(at: exp.Expression, how: Scatter, let: Let) -> tuple[exp.Expression, exp.Expression]:
    """`scatter` in SQL: both halves of a number below high · low."""
    left, right = _div(at, how.low), _mod(at, how.low)
    turned = _mul(right, how.multiplier)
    if how.high == 1:  # the left half is 0: so is all that is made of it
        constant = how.a * how.b % PRIME * how.d % PRIME2
        return exp.Literal.number(0), let(_mod(_add(turned, constant), how.low))
    left = let(_mod(_add(left, _mixed(right, how.s, how.t, how.c)), how.high))
    return left, let(_mod(_add(turned, _mixed(left, how.a, how.b, how.d)), how.low))


def _padded(value: exp.Expression, digits: int) -> exp.Expression:
    """Decimal text of exactly that many digits."""
    plain, length = exp.cast(_own(value), "VARCHAR", copy=False), exp.Literal.number(digits)
    return exp.Pad(this=plain, expression=length, fill_pattern=_text("0"), is_left=True)


def _digits(value: exp.Expression, least: int) -> exp.Expression:
    """Decimal text of at least that many digits (lpad alone would cut longer ones)."""
    plain = exp.cast(_own(value), "VARCHAR", copy=False)
    if least < 2:
        return plain
    return _case([(_less(value, 10**least), _padded(value, least))], plain)


def _symbol(run: Run, value: exp.Expression) -> exp.Expression:
    """The symbol of that number."""
    start = _add(_mul(value, run.width) if run.width > 1 else value, 1)
    length = exp.Literal.number(run.width)
    return exp.Substring(this=_text(run.alphabet), start=start, length=length)


def _part_ends(shape: Shape) -> list[int]:
    """For each slot the slot behind its run."""
    ends = list[int]()
    for part in shape.parts:
        if isinstance(part, Run):
            ends += [len(ends) + part.length] * part.length
    return ends


def _block(shape: Shape, block: Block, value: exp.Expression) -> dict[int, exp.Expression]:
    """Texts of a block by their first slot: the decimal digits of a run are one number."""
    slots, ends = shape.slots, _part_ends(shape)
    texts, at, divisor = dict[int, exp.Expression](), block.first, block.capacity
    while at < block.stop:
        stop = min(ends[at], block.stop) if slots[at].alphabet == DIGITS else at + 1
        size = slots[at].size ** (stop - at)
        divisor //= size
        digit = _div(value, divisor)
        digit = digit if at == block.first else _mod(digit, size)
        texts[at] = _symbol(slots[at], digit) if stop == at + 1 else _padded(digit, stop - at)
        at = stop
    return texts


def _paint(
    shape: Shape, blocks: Sequence[Block], values: Sequence[exp.Expression]
) -> exp.Expression:
    """The text of a shape whose blocks have these values."""
    symbols = dict[int, exp.Expression]()
    for block, value in zip(blocks, values, strict=True):
        symbols.update(_block(shape, block, value))
    texts, at = list[exp.Expression](), 0
    for part in shape.parts:
        if isinstance(part, str):
            texts.append(_text(part))
        else:
            texts += [symbols[k] for k in range(at, at + part.length) if k in symbols]
            at += part.length
    return _join(texts)


def _keyed(shape: Shape, at: exp.Expression, mark: str, salt: int, let: Let) -> exp.Expression:
    """The unique text of one shape, by the count inside the shape."""
    blocks = key_blocks(shape)
    high, low = blocks[-2].capacity, blocks[-1].capacity
    values, small = list[exp.Expression](), let(_mod(at, HALF)) if blocks[2:] else at
    for k, block in enumerate(blocks[:-2]):
        values.append(let(_mod(_mixed(small, *fill_constants(salt, k)), block.capacity)))
    values += _scatter(_mod(at, high * low), Scatter.of(high, low, salt), let)
    beyond = _div(at, high * low)
    suffix = _join([_text(mark), _digits(beyond, 1)] if mark else [_digits(beyond, 1)])
    suffix = _case([(_less(beyond, 1), _text(""))], suffix)
    return _join([_paint(shape, blocks, values), suffix])


def _counted(counter: Counter, at: exp.Expression) -> exp.Expression:
    value = _add(_mul(at, _bigint(counter.step)), _bigint(counter.start))
    texts = [_text(counter.prefix), _digits(value, counter.width), _text(counter.suffix)]
    return _join([t for t in texts if t != _text("")])


def _unique(pattern: Pattern, at: exp.Expression, let: Let) -> exp.Expression:
    if pattern.counter is not None:
        return _counted(pattern.counter, at)
    shares, mark = unique_shares(pattern), overflow_mark(pattern)
    if len(shares) == 1:
        return _keyed(shares[0].shape, at, mark, pattern.salt, let)
    part = _add(_mul(_mod(at, SHARES), STRIDE), residues(pattern))
    part, texts = let(_mod(part, SHARES)), []
    for share in shares:
        inner = _sub(_add(_mul(_div(at, SHARES), share.count), part), share.first)
        texts.append(_keyed(share.shape, let(inner), mark, pattern.salt, let))
    stops = [share.first + share.count for share in shares[:-1]]
    chosen = zip(stops, texts, strict=False)
    return _case([(_less(part, stop), made) for stop, made in chosen], texts[-1])


def _drawn(pattern: Pattern, words: list[exp.Expression], let: Let) -> exp.Expression:
    if pattern.kind == "uuid":
        halves = [half for w in words[:4] for half in (_div(w, 65536), _mod(w, 65536))]
        pairs = zip(halves, UUID_BLOCKS, strict=True)
        return _paint(UUID, UUID_BLOCKS, [let(_mod(half, b.capacity)) for half, b in pairs])
    count = content_words(pattern)
    if len(pattern.shapes) == 1:
        return _fill(pattern.shapes[0], words, count, let)
    texts = [_fill(shape, words[1:], count, let) for shape in pattern.shapes]
    place = let(_div(_mul(words[0], sum(pattern.weights)), WORD))
    chosen = zip(itertools.accumulate(pattern.weights[:-1]), texts, strict=False)
    return _case([(_less(place, below), made) for below, made in chosen], texts[-1])


def _fill(shape: Shape, words: list[exp.Expression], count: int, let: Let) -> exp.Expression:
    """Text of a shape out of random words."""
    values = []
    for k, block in enumerate(draw_blocks(shape)):
        if k < count:
            values.append(let(_div(_mul(words[k], block.capacity), WORD)))
            continue
        a, b, c = mix_constants(k)
        mixed = _add(_add(_mul(words[k % 3], a), _mul(words[(k + 1) % 3], b)), c)
        values.append(let(_div(_mul(_mod(mixed, PRIME), block.capacity), PRIME)))
    return _paint(shape, draw_blocks(shape), values)
