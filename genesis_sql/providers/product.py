"""Products: a name of its category, a price with an ending, codes with check digits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from genesis_sql.errors import OptionError
from genesis_sql.providers import lists_business as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.check_digits import ean_sql
from genesis_sql.providers.forms import (
    Spec,
    alone,
    combined,
    computed,
    decimals_of,
    digits_for,
    family,
    helper,
    hidden,
    labels,
    length_of,
    listed,
    most_of,
    number_option,
    require_length,
    shape_of,
    shaped,
    too_many,
    weighted,
    where,
)
from genesis_sql.providers.word import NUMBER, Word
from genesis_sql.sqlbuild import quoted

NUMBERS = ("text", *NUMBER)
LONGEST = 70
"""Characters of a name with brand and series, and of the number behind them."""
POINTS = 60
"""Prices between the lowest and the highest."""


def _category(ask: Ask) -> str | None:
    """The sibling with the category, where it holds labels."""
    found = ask.siblings.get("product_category")
    texts = family(ask.types.get("product_category", "VARCHAR")) == "text"
    return found if texts else None


def product_name(ask: Ask) -> Columns:
    """A quality and a thing of the category beside it."""
    nouns = [n for _, _, held in words.PRODUCTS.values() for n in held]
    category = _category(ask)
    if category is None:
        before = [words.BRANDS, words.SERIES] if ask.unique else []
        return combined(ask, [*before, words.QUALITIES, nouns])
    room = digits_for(ask.rows) + 1 if ask.unique else 0
    require_length(ask, 4 + room)
    noun, quality = helper(ask, "noun"), helper(ask, "quality")
    length = length_of(ask)
    cases = [
        {"when": {category: name}, "then": weighted(held)}
        for name, (_, _, held) in words.PRODUCTS.items()
    ]
    law: Spec = {"type": "conditional", "cases": cases, "otherwise": weighted(nouns)}
    front: Spec = weighted(words.QUALITIES)
    if ask.unique and (length is None or length >= LONGEST):
        parts = [list(words.BRANDS), list(words.SERIES), list(words.QUALITIES)]
        front = {"type": "combined", "parts": parts, "separator": " ", "unique": True}
    made: Columns = {noun: hidden(law), quality: hidden(front)}
    sql = f"{quoted(quality)} || ' ' || {quoted(noun)}"
    if not ask.unique or front["type"] == "combined":
        return {**made, **computed(ask, sql, 30 if not ask.unique else None)}
    sql = f"left({sql}, {length - room})" if length is not None else sql
    return {**made, **computed(ask, f"{sql} || ' ' || CAST(n() + 1 AS VARCHAR)")}


def product_category(ask: Ask) -> Columns:
    """What kind of thing it is."""
    shares = [share for share, _, _ in words.PRODUCTS.values()]
    return listed(ask, [*words.PRODUCTS], shares, growing=True)


def brand(ask: Ask) -> Columns:
    """A brand that we made up."""
    return listed(ask, words.BRANDS, growing=True)


def sku(ask: Ask) -> Columns:
    """Letters and digits that a shop gives its goods."""
    length = length_of(ask)
    shapes = ("@@@-#####-@", "@@@#####", "@@####", "@@##", "@##", "@#", "#")
    fit = [s for s in shapes if length is None or len(s) <= length]
    if family(ask.type) == "whole":
        return shaped(ask, "########")
    wide = "@@@@-########" if ask.rows > 10**9 else fit[0]
    return shaped(ask, wide)


def barcode(ask: Ask) -> Columns:
    """An EAN-13 with its check digit; those from 2 on are for use inside a shop, nobody's goods."""
    require_length(ask, 13)
    if ask.unique and ask.rows > 10**11:
        raise too_many(ask, 10**11)
    body = helper(ask, "body")
    made: Columns = {body: hidden(shape_of("2" + "#" * 11, unique=ask.unique))}
    return {**made, **computed(ask, ean_sql(body))}


# prices


def price_points(low: float, high: float, median: float, decimals: int) -> Spec:
    """Prices with endings that shops like, about evenly apart on a scale of ratios."""
    spread = math.log(max(high / low, 1.0001))
    middle, sigma = math.log(median / low) / spread, 0.8 / spread
    values: dict[float, float] = {}
    for k in range(POINTS + 1):
        at = k / POINTS
        value = _ended(low * math.exp(spread * at), decimals)
        if low <= value <= high:
            weight = math.exp(-(((at - middle) / max(sigma, 0.05)) ** 2) / 2) + 1e-6
            values[value] = values.get(value, 0.0) + weight
    if not values:
        values = {round(low, decimals): 1.0}
    return weighted(values, values.values())


def _ended(value: float, decimals: int) -> float:
    """The price next to a value: 3.49, 19.99, 249.00."""
    if decimals == 0:
        return max(1.0, float(round(value)))
    if value < 5:
        return round(math.floor(value * 2) / 2 + 0.49, 2)
    return round(math.floor(value / (1 if value < 100 else 10)) * (1 if value < 100 else 10)
                 + (0.99 if value < 100 else 9.99), 2)  # fmt: skip


def price(ask: Ask) -> Columns:
    """A price with an ending of .99 or .49, by the category beside it."""
    given = ask.options.get("min"), ask.options.get("max")
    low = number_option(ask, "min", 1.99)
    high = min(number_option(ask, "max", max(999.99, low * 100)), most_of(ask.type))
    if low > high or high <= 0:
        message = f"{where(ask)}: no price lies from min {low} to max {high}"
        raise OptionError(message)
    low = max(low, 0.01)
    decimals = decimals_of(ask.type, 2)
    category = _category(ask)
    median = number_option(ask, "mean", math.sqrt(low * high) if any(given) else 25.0)
    median = min(max(median, low), high)
    law = price_points(low, high, median, decimals)
    if category is not None and not any(given):
        cases = [
            {
                "when": {category: name},
                "then": price_points(low, high, min(max(of, low), high), decimals),
            }
            for name, (_, of, _) in words.PRODUCTS.items()
        ]
        law = {"type": "conditional", "cases": cases, "otherwise": law}
    return alone(ask, law if decimals else {**law})


def cost(ask: Ask) -> Columns:
    """What a product costs its seller: 40 to 75 % of its price."""
    sold = ask.siblings.get("price")
    if sold is None or ask.unique:
        return price(ask)
    decimals = decimals_of(ask.type, 2)
    return computed(ask, f"round(CAST({quoted(sold)} AS DOUBLE) * (0.4 + 0.35 * u()), {decimals})")


def rating(ask: Ask) -> Columns:
    """Stars from 1 to 5; halves and tenths where the type has them."""
    if family(ask.type) in ("whole", "text"):
        values: Sequence[int] = (1, 2, 3, 4, 5)
        if family(ask.type) == "text":
            return alone(ask, labels(ask, [str(v) for v in values], [5, 5, 12, 33, 45]))
        return alone(ask, weighted(values, [5, 5, 12, 33, 45]))
    law = {"type": "normal", "mean": 4.1, "std_dev": 0.7, "min": 1, "max": 5}
    return alone(ask, {**law, "decimals": decimals_of(ask.type, 1)})


WORDS: dict[str, Word] = {
    "product_name": Word(
        product_name, "the name of a product, of the category beside it", "Compact Desk Lamp"
    ),
    "product_category": Word(product_category, "a category of products", "Electronics"),
    "brand": Word(brand, "a brand that we made up", "Lumeva"),
    "sku": Word(sku, "a shop's code of an article", "KVD-40213-A", ("text", "whole")),
    "barcode": Word(
        barcode, "an EAN-13 with its check digit, for use inside a shop", "2048137205914",
        ("text", "whole"),
    ),
    "price": Word(
        price, "a price with an ending", "24.99", NUMBER, ("min", "max", "mean", "currency")
    ),
    "cost": Word(cost, "what it costs the seller, less than its price", "14.37", NUMBER,
                 ("min", "max", "mean", "currency")),
    "rating": Word(rating, "stars from 1 to 5", "4", NUMBERS),
}  # fmt: skip
