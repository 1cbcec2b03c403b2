"""SQL that computes the last digit of a number from the digits before it.

Luhn: ISO/IEC 7812. EAN-13 and ISBN-13: GS1, weights 1 and 3. IBAN: ISO 13616, mod 97. VIN: 49 CFR
565. The same numbers in Python, for checking: genesis_sql.graph.check_digits.
"""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.sqlbuild import quoted

VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def digit(number: str, at: int) -> str:
    """SQL for one digit of a whole number, counted from the right from 0."""
    return f"({number} // {10**at} % 10)" if at else f"({number} % 10)"


def total(terms: Sequence[str]) -> str:
    """SQL for a sum."""
    return "(" + " + ".join(terms) + ")"


def ean_sql(body: str) -> str:
    """SQL for twelve digits of a text column with their check digit behind."""
    number = f"CAST({quoted(body)} AS BIGINT)"
    terms = [f"{3 if at % 2 == 0 else 1} * {digit(number, at)}" for at in range(12)]
    return f"{quoted(body)} || CAST((10 - {total(terms)} % 10) % 10 AS VARCHAR)"


def luhn_sum(number: str, digits: int) -> str:
    """SQL for the Luhn sum of a whole number's digits, the check digit to come behind them."""
    terms = []
    for at in range(digits):
        one = digit(number, at)
        terms.append(f"{one} * 2 // 10 + {one} * 2 % 10" if at % 2 == 0 else one)
    return total(terms)


def luhn_sql(number: str, digits: int, more: int = 0) -> str:
    """SQL for the Luhn digit of a whole number.

    Args:
        number: SQL of it.
        digits: how many it has.
        more: what digits in front of it add to the sum.
    """
    return f"((10 - ({luhn_sum(number, digits)} + {more}) % 10) % 10)"


def luhn_front(front: str, behind: int) -> int:
    """What the digits of a prefix add to the Luhn sum, with so many digits behind them.

    Example:
        >>> luhn_front("80840", 9)
        24
    """
    out = 0
    for at, letter in enumerate(reversed(front)):
        value = int(letter) * (2 if (at + behind) % 2 == 0 else 1)
        out += value - 9 * (value > 9)
    return out


def mod97(text: str) -> int:
    """An IBAN's letters and digits as a number mod 97.

    Example:
        >>> mod97("WEST12345698765432GB82")
        1
    """
    out = 0
    for letter in text:
        for figure in str(int(letter, 36)):
            out = (out * 10 + int(figure)) % 97
    return out


def iban_check_sql(account: str, digits: int, front: str, behind: str) -> str:
    """SQL for the two check digits of an IBAN.

    The whole is front · 10^k + account · 10^m + behind, so that mod 97 only the account is to be
    computed: a BIGINT reaches.

    Args:
        account: SQL of the number in the middle.
        digits: how many it has.
        front: what stands in front of it, without country and check digits.
        behind: what follows it; the country's letters and '00' come last.
    """
    figures = len("".join(str(int(c, 36)) for c in behind))
    rest = mod97(front + "0" * digits + behind)
    number = f"98 - ({account} % 97 * {10**figures % 97} + {rest}) % 97"
    return f"lpad(CAST({number} AS VARCHAR), 2, '0')"
