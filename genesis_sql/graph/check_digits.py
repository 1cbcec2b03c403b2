"""Check digits of cards, accounts and national ids: whether a number can be one at all.

Each test takes the characters that count (see `bare`), upper case, and says yes or no. Of random
numbers one in 10 passes Luhn, one in 97 passes mod 97: a share over many values tells, one value
does not. python-stdnum has these and hundreds more, under the LGPL; a dozen lines serve here.
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"[\s./-]")
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)
_VIN = {c: n for c, n in zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CARD = re.compile(
    r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}"
    r"|6(011|5\d\d|4[4-9]\d)\d{12}|35(2[89]|[3-8]\d)\d{12}"
)
_AS_NUMBERS = {ord("A") + k: str(10 + k) for k in range(26)}
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IT": 27,
    "LT": 20, "LU": 20, "LV": 21, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "SE": 24, "SI": 19, "SK": 24, "TR": 26, "AE": 23, "SA": 24, "IL": 23, "BR": 29,
}  # fmt: skip


def bare(text: str) -> str:
    """A number without the marks that people write into it, upper case.

    Example:
        >>> bare("gb82 WEST 1234-56")
        'GB82WEST123456'
    """
    return _MARKS.sub("", text).upper()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, the sum of digits mod 10 is 0.

    Example:
        >>> luhn("4111111111111111"), luhn("4111111111111112")
        (True, False)
    """
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for at, digit in enumerate(reversed(digits)):
        n = int(digit) * (1 + at % 2)
        total += n - 9 * (n > 9)
    return total % 10 == 0


def is_card(number: str) -> bool:
    """Luhn, with the prefixes and lengths that card companies use."""
    return _CARD.fullmatch(number) is not None and luhn(number)


def is_imei(number: str) -> bool:
    """15 digits that pass Luhn and are no card."""
    return len(number) == 15 and luhn(number) and not is_card(number)


def is_iban(number: str) -> bool:
    """ISO 13616: the first four characters behind the others, letters as 10 to 35, mod 97 is 1.

    Example:
        >>> is_iban("GB82WEST12345698765432"), is_iban("GB82WEST12345698765433")
        (True, False)
    """
    if re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", number) is None:
        return False
    if _IBAN_LENGTHS.get(number[:2], len(number)) != len(number):
        return False
    return int((number[4:] + number[:4]).translate(_AS_NUMBERS)) % 97 == 1


def is_npi(number: str) -> bool:
    """A US National Provider Identifier: Luhn with 80840 in front (45 CFR 162.406).

    Example:
        >>> is_npi("1234567893")
        True
    """
    return re.fullmatch(r"[12]\d{9}", number) is not None and luhn("80840" + number)


def is_ssn(number: str) -> bool:
    """A US social security number that can have been issued; they have no check digit."""
    found = re.fullmatch(r"(\d{3})(\d\d)(\d{4})", number)
    if found is None:
        return False
    area, group, serial = found.groups()
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_nino(number: str) -> bool:
    """A UK national insurance number, by its prefixes; it has no check digit."""
    found = re.fullmatch(r"([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])\d{6}[A-D]", number)
    return found is not None and found[1] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def is_nhs(number: str) -> bool:
    """A UK NHS number: ten digits, weights 10 to 1, mod 11 is 0."""
    return re.fullmatch(r"\d{10}", number) is not None and _weighted(number, range(10, 0, -1), 11)


def is_steuer_id(number: str) -> bool:
    """A German tax id: ISO 7064 MOD 11,10; of the first ten digits exactly one comes again.

    Example:
        >>> is_steuer_id("86095742719"), is_steuer_id("86095742718")
        (True, False)
    """
    if re.fullmatch(r"[1-9]\d{10}", number) is None:
        return False
    repeats = [number[:10].count(c) for c in {*number[:10]}]
    if sum(n > 1 for n in repeats) != 1 or max(repeats) > 3:
        return False
    return mod_11_10(number)


def mod_11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10 over all digits, the last one is the check digit."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    state = 10
    for digit in digits[:-1]:
        state = ((state + int(digit)) % 10 or 10) * 2 % 11
    return (state + int(digits[-1])) % 10 == 1


def is_dni(number: str) -> bool:
    """A Spanish DNI or NIE: the letter is the number mod 23.

    Example:
        >>> is_dni("12345678Z"), is_dni("X1234567L"), is_dni("12345678A")
        (True, True, False)
    """
    found = re.fullmatch(r"(\d{8}|[XYZ]\d{7})([A-Z])", number)
    if found is None:
        return False
    plain = found[1].translate(str.maketrans("XYZ", "012"))
    return _DNI[int(plain) % 23] == found[2]


def is_codice_fiscale(number: str) -> bool:
    """An Italian codice fiscale: two tables for odd and even places, mod 26 is the last letter.

    Example:
        >>> is_codice_fiscale("RSSMRA85T10A562S"), is_codice_fiscale("RSSMRA85T10A562T")
        (True, False)
    """
    if re.fullmatch(r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", number) is None:
        return False
    values = [int(c) if c.isdigit() else ord(c) - 65 for c in number[:15]]
    total = sum(values[1::2]) + sum(_ODD[v] for v in values[::2])
    return chr(65 + total % 26) == number[15]


def is_nir(number: str) -> bool:
    """A French NIR: 97 less the first 13 digits mod 97; Corsica's 2A is 19, 2B 18.

    Example:
        >>> is_nir("255081416802538"), is_nir("255081416802539")
        (True, False)
    """
    if re.fullmatch(r"[12]\d{4}(\d\d|2A|2B)\d{8}", number) is None:
        return False
    plain = number.replace("2A", "19").replace("2B", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


def is_bsn(number: str) -> bool:
    """A Dutch BSN: weights 9 to 2 and -1, mod 11 is 0.

    Example:
        >>> is_bsn("111222333"), is_bsn("111222334")
        (True, False)
    """
    plain = re.fullmatch(r"\d{8,9}", number) is not None and int(number) > 0
    return plain and _weighted(number.zfill(9), (9, 8, 7, 6, 5, 4, 3, 2, -1), 11)


def is_cpf(number: str) -> bool:
    """A Brazilian CPF: two check digits mod 11.

    Example:
        >>> is_cpf("52998224725"), is_cpf("11111111111")
        (True, False)
    """
    if re.fullmatch(r"\d{11}", number) is None or len({*number}) == 1:
        return False
    for n in (9, 10):
        total = sum(int(c) * (n + 1 - k) for k, c in enumerate(number[:n]))
        if total * 10 % 11 % 10 != int(number[n]):
            return False
    return True


def is_pesel(number: str) -> bool:
    """A Polish PESEL: weights 1 3 7 9, mod 10 is 0."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return re.fullmatch(r"\d{11}", number) is not None and _weighted(number, weights, 10)


def is_vin(number: str) -> bool:
    """A vehicle identification number with the check digit of North America (49 CFR 565).

    Example:
        >>> is_vin("1M8GDM9AXKP042788"), is_vin("1M8GDM9A1KP042788")
        (True, False)
    """
    if re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", number) is None or number.isdigit():
        return False
    total = sum(int(_VIN.get(c, c)) * w for c, w in zip(number, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == number[8]


def _weighted(digits: str, weights: range | tuple[int, ...], modulus: int) -> bool:
    return sum(int(c) * w for c, w in zip(digits, weights, strict=True)) % modulus == 0
