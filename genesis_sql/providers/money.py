"""Amounts, currencies, accounts and cards: right in form, nobody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genesis_sql.errors import OptionError
from genesis_sql.providers import lists_business as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.check_digits import iban_check_sql, luhn_front, luhn_sql
from genesis_sql.providers.dates import as_of
from genesis_sql.providers.forms import (
    Spec,
    alone,
    computed,
    decimals_of,
    family,
    helper,
    hidden,
    length_of,
    listed,
    most_of,
    number_option,
    require_length,
    shape_of,
    shaped,
    text_sql,
    too_many,
    weighted,
    where,
)
from genesis_sql.providers.names import is_us
from genesis_sql.providers.short_forms import CARDS
from genesis_sql.providers.word import NUMBER, Word
from genesis_sql.sqlbuild import quoted

_RANGE = ("min", "max", "mean")

IBANS: dict[str, tuple[str, str, int]] = {
    "DE": ("DE", "99999999", 10), "GB": ("GB", "XXXX999999", 8), "NL": ("NL", "XXXX", 10),
    "AT": ("AT", "99999", 11), "BR": ("BR", "9999999999999", 10), "ES": ("ES", "99999999", 10),
    "FR": ("FR", "9999999999", 11), "IT": ("IT", "9999999999", 12),
}  # fmt: skip
"""Country, a bank that does not exist, digits of the account."""
LONGEST = 16
"""Letters of the longest name of a card company."""
BANKS = ("EXAMPL", "NOBANK", "TESTGB", "SAMPLE", "DEMOUS")


def money(median: float, spread: float, low: float, high: float) -> Callable[[Ask], Columns]:
    """An amount: lognormal about a median, in cents where the type has them."""

    def make(ask: Ask) -> Columns:
        most = most_of(ask.type)
        least, last = number_option(ask, "min", low), number_option(ask, "max", high)
        last = min(last, most)
        if least > last:
            message = f"{where(ask)}: no amount lies from min {least} to max {last}"
            raise OptionError(message)
        return alone(ask, amount_law(ask, median, spread, least, last))

    return make


def amount_law(ask: Ask, median: float, spread: float, low: float, high: float) -> Spec:
    """A lognormal law between two bounds; its median moves between them where it lies outside."""
    import math

    decimals = decimals_of(ask.type, 2)
    if low < 0 or high <= 0:
        middle = number_option(ask, "mean", (low + high) / 2)
        sd = max((high - low) / 5, 10.0**-decimals)
        return {"type": "normal", "mean": middle, "std_dev": sd, "min": low, "max": high,
                "decimals": decimals}  # fmt: skip
    middle = number_option(ask, "mean", median)
    if not low < middle < high:
        middle = math.sqrt(max(low, 0.01) * high)
    return {"type": "lognormal", "mean": round(math.log(middle), 6), "std_dev": spread,
            "min": low, "max": high, "decimals": decimals}  # fmt: skip


def salary(ask: Ask) -> Columns:
    """A yearly salary in whole hundreds or thousands."""
    import math

    low = number_option(ask, "min", 28_000)
    high = min(number_option(ask, "max", 240_000), most_of(ask.type))
    if low > high:
        message = f"{where(ask)}: no salary lies from min {low} to max {high}"
        raise OptionError(message)
    middle = min(max(number_option(ask, "mean", 62_000), low), high)
    step = 500 if high >= 10_000 else 1
    values = [v for v in range(int(low), int(high) + 1, step)][:2_000]
    weights = [math.exp(-((math.log(max(v, 1) / middle) / 0.42) ** 2) / 2) / max(v, 1)
               for v in values]  # fmt: skip
    return alone(ask, weighted(values, weights))


def discount(ask: Ask) -> Columns:
    """A discount: mostly none; a share where the type or max says so, else percent."""
    share = number_option(ask, "max", 100) <= 1 or most_of(ask.type) < 10
    steps = {0: 0.55, 5: 0.12, 10: 0.14, 15: 0.07, 20: 0.06, 25: 0.04, 50: 0.02}
    if share:
        return alone(ask, weighted([k / 100 for k in steps], steps.values()))
    return alone(ask, weighted([*steps], steps.values()))


def percentage(ask: Ask) -> Columns:
    """A percentage; a share where max is 1."""
    low, high = number_option(ask, "min", 0), number_option(ask, "max", 100)
    high = min(high, most_of(ask.type))
    decimals = decimals_of(ask.type, 4 if high <= 1 else 1)
    return alone(ask, {"type": "beta", "alpha": 2, "beta": 3, "min": low, "max": high,
                       "decimals": decimals})  # fmt: skip


def tax(ask: Ask) -> Columns:
    """A tax: 8.25 % of the amount beside it, or an amount of its own."""
    for word in ("amount", "total_amount", "price"):
        source = ask.siblings.get(word)
        if source is not None and not ask.unique:
            amount = f"CAST({quoted(source)} AS DOUBLE)"
            return computed(ask, f"round({amount} * 0.0825, {decimals_of(ask.type, 2)})")
    return money(12.0, 0.9, 0.0, 5_000.0)(ask)


def currency_code(ask: Ask) -> Columns:
    """Three letters of a currency; one for all rows with the option one."""
    if ask.options.get("one"):
        own = words.OF_LOCALE.get("en_US" if is_us(ask.locale) else ask.locale, "EUR")
        return listed(ask, [own])
    return listed(ask, [*words.CURRENCIES], [*words.CURRENCIES.values()])


# accounts


def iban(ask: Ask) -> Columns:
    """An IBAN with right check digits, of a bank that does not exist."""
    country = "GB" if is_us(ask.locale) else ask.locale.split("_")[-1].upper()
    land, bank, digits = IBANS.get(country, IBANS["GB"])
    if ask.unique and ask.rows > 10**digits:
        raise too_many(ask, 10**digits)
    body = helper(ask, "account")
    made: Columns = {body: hidden(shape_of("#" * digits, unique=ask.unique))}
    account = f"CAST({quoted(body)} AS BIGINT)"
    front, behind, inner = bank, "", quoted(body)
    if land == "FR":
        key = f"(97 - (89 * {bank[:5]} + 15 * {bank[5:]} + 3 * {account}) % 97)"
        account, digits = f"({account} * 100 + {key})", digits + 2
        inner = f"{inner} || lpad(CAST({key} AS VARCHAR), 2, '0')"
    elif land == "ES":
        front = bank + _es_digit("00" + bank)
        key = _es_key(account)
        account, digits = f"({key} * 10000000000 + {account})", digits + 1
        inner = f"CAST({key} AS VARCHAR) || {inner}"
    elif land == "IT":
        return _it_iban(ask, made, body, bank)
    elif land == "BR":
        behind = "C1"
        inner = f"{inner} || 'C1'"
    check = iban_check_sql(account, digits, front, behind + land + "00")
    require_length(ask, 4 + len(front) + digits + len(behind))
    return {**made, **computed(ask, f"'{land}' || {check} || '{front}' || {inner}")}


_ES = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)


def _es_digit(ten: str) -> str:
    """The first control digit of a Spanish account: of the bank and its branch."""
    left = 11 - sum(w * int(c) for w, c in zip(_ES, ten, strict=True)) % 11
    return str({10: 1, 11: 0}.get(left, left))


def _es_key(account: str) -> str:
    """SQL for the second one: of the account."""
    terms = [f"{w} * ({account} // {10 ** (9 - k)} % 10)" for k, w in enumerate(_ES)]
    left = f"(11 - ({' + '.join(terms)}) % 11)"
    return f"(CASE {left} WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE {left} END)"


_ODD = "01000507091315171921"
"""What a digit at an odd place of an Italian account counts, two figures each."""


def _it_iban(ask: Ask, made: Columns, body: str, bank: str) -> Columns:
    """Italy puts a letter in front, of the sum of what digits count at odd and even places."""
    fixed = 0
    for at, letter in enumerate(bank):
        d = int(letter)
        fixed += int(_ODD[2 * d : 2 * d + 2]) if at % 2 == 0 else d
    terms = [str(fixed)]
    for at in range(12):
        one = f"CAST(substring({quoted(body)}, {at + 1}, 1) AS INTEGER)"
        odd = f"CAST(substring('{_ODD}', 2 * {one} + 1, 2) AS INTEGER)"
        terms.append(odd if at % 2 == 0 else one)
    letter_number = f"(({' + '.join(terms)}) % 26)"
    letter = f"substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ', {letter_number} + 1, 1)"
    account = f"CAST({quoted(body)} AS BIGINT)"
    # mod 97: the letter counts as two figures in front of bank and account
    from genesis_sql.providers.check_digits import mod97

    raise_letter = 10 ** (len(bank) + 12 + 6) % 97
    rest = mod97(bank + "0" * 12 + "IT00")
    terms_97 = f"(10 + {letter_number}) * {raise_letter} + {account} % 97 * {10**6 % 97} + {rest}"
    number = f"98 - ({terms_97}) % 97"
    require_length(ask, 27)
    sql = (
        f"'IT' || lpad(CAST({number} AS VARCHAR), 2, '0') || {letter} || '{bank}' || {quoted(body)}"
    )
    return {**made, **computed(ask, sql)}


def bic(ask: Ask) -> Columns:
    """The code of a bank that does not exist."""
    country = "US" if is_us(ask.locale) else ask.locale.split("_")[-1].upper()
    shape = f"XX@@{country}@@"
    return shaped(ask, shape)


def card_number(ask: Ask) -> Columns:
    """A card number with its Luhn digit, of a prefix that card companies publish for tests."""
    require_length(ask, 16)
    if ask.unique and ask.rows > 10**8:
        raise too_many(ask, 10**8)
    body, kind = helper(ask, "body"), ask.siblings.get("card_type")
    made: Columns = {body: hidden(shape_of("#" * 9, unique=ask.unique))}
    if kind is None:
        kind = helper(ask, "brand")
        made[kind] = hidden(weighted([*words.CARDS], [s for _, _, s in words.CARDS.values()]))
    nine = f"CAST({quoted(body)} AS BIGINT)"
    cases = []
    for name, (prefix, digits, _) in words.CARDS.items():
        account = nine if digits == 9 else f"({nine} % {10**digits})"
        shown = f"lpad(CAST({account} AS VARCHAR), {digits}, '0')" if digits < 9 else quoted(body)
        check = luhn_sql(account, digits, luhn_front(prefix, digits))
        number = f"'{prefix}' || {shown} || CAST({check} AS VARCHAR)"
        cases.append((name, number))
    tests = " ".join(f"WHEN {text_sql(n)} THEN {sql}" for n, sql in cases[1:])
    sql = f"CASE {quoted(kind)} {tests} ELSE {cases[0][1]} END"
    return {**made, **computed(ask, sql)}


def card_type(ask: Ask) -> Columns:
    """Who issued a card, by its mark where the column is short."""
    if (length_of(ask) or LONGEST) < LONGEST:
        shares = [share for _, _, share in words.CARDS.values()]
        return listed(ask, [*CARDS.values()], shares)
    return listed(ask, [*words.CARDS], [share for _, _, share in words.CARDS.values()])


def card_expiry(ask: Ask) -> Columns:
    """Month and year, up to five years ahead; the first of the month in a date."""
    day = as_of(ask)
    months = [(day.year + (day.month - 1 + k) // 12, (day.month - 1 + k) % 12 + 1)
              for k in range(1, 61)]  # fmt: skip
    if family(ask.type) == "date":
        return alone(ask, weighted([f"{y:04d}-{m:02d}-01" for y, m in months]))
    return listed(ask, [f"{m:02d}/{y % 100:02d}" for y, m in months])


def digits(shape: str) -> Callable[[Ask], Columns]:
    """A number of a shape."""
    return lambda ask: shaped(ask, shape)


def routing_number(ask: Ask) -> Columns:
    """Nine digits with the ABA's check digit, of a prefix that no bank has (90 to 99)."""
    if ask.unique and ask.rows > 10**6:
        raise too_many(ask, 10**6)
    require_length(ask, 9)
    body = helper(ask, "body")
    made: Columns = {body: hidden(shape_of("99" + "#" * 6, unique=ask.unique))}
    number = f"CAST({quoted(body)} AS BIGINT)"
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    terms = [f"{w} * ({number} // {10 ** (7 - k)} % 10)" for k, w in enumerate(weights)]
    check = f"(10 - ({' + '.join(terms)}) % 10) % 10"
    return {**made, **computed(ask, f"{quoted(body)} || CAST({check} AS VARCHAR)")}


def _word(make: Any, about: str, example: str, families: Any = NUMBER, options: Any = ()) -> Word:
    return Word(make, about, example, families, options)


WORDS: dict[str, Word] = {
    "amount": _word(money(65.0, 1.0, 0.5, 25_000.0), "an amount of money", "84.20", NUMBER, _RANGE),
    "total_amount": _word(
        money(140.0, 1.0, 1.0, 100_000.0), "a sum of amounts", "231.75", NUMBER, _RANGE
    ),
    "balance": _word(
        money(1_800.0, 1.3, 0.0, 500_000.0), "what an account holds", "2310.54", NUMBER, _RANGE
    ),
    "salary": _word(salary, "a yearly salary", "61500", NUMBER, _RANGE),
    "discount": _word(discount, "a discount in percent, mostly none", "10", NUMBER, _RANGE),
    "tax": _word(tax, "a tax, a share of the amount beside it", "5.36", NUMBER, _RANGE),
    "percentage": _word(percentage, "a percentage", "37.5", NUMBER, _RANGE),
    "currency_code": _word(
        currency_code, "a currency (ISO 4217)", "USD", ("text",), ("one",)
    ),
    "iban": _word(iban, "an IBAN with right check digits of a bank that does not exist",
                  "GB33XXXX99999912345678", ("text",)),
    "bic": _word(bic, "the code of a bank that does not exist", "XXABUSCD", ("text",)),
    "card_number": _word(card_number, "a card number of a published test range, with Luhn digit",
                         "4000001234567899", ("text", "whole")),
    "card_type": _word(card_type, "who issued a card", "Visa", ("text",)),
    "card_expiry": _word(card_expiry, "when a card expires", "08/29", ("text", "date"),
                         ("as_of",)),
    "cvv": _word(digits("###"), "three digits", "402", ("text", "whole")),
    "account_number": _word(digits("0#########"), "ten digits that begin with 0", "0482913765",
                            ("text", "whole")),
    "routing_number": _word(routing_number, "nine digits with check digit, of no bank",
                            "994820137", ("text", "whole")),
}  # fmt: skip
