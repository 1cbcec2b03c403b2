"""Check digits: published examples pass, the same with one digit changed do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genesis_sql.graph import check_digits as digits

EXAMPLES: list[tuple[Callable[[str], bool], str, list[str]]] = [
    (
        digits.is_card,
        "4111111111111111",
        ["4111111111111112", "9111111111111111", "411111111111111"],
    ),
    (digits.is_card, "378282246310005", ["378282246310006"]),
    (digits.is_card, "5555555555554444", ["5555555555554445"]),
    (digits.is_iban, "GB82WEST12345698765432", ["GB82WEST12345698765433", "GB82WEST1234569876543"]),
    (digits.is_iban, "DE89370400440532013000", ["DE88370400440532013000"]),
    (digits.is_npi, "1234567893", ["1234567890", "3234567893"]),
    (digits.is_ssn, "123456789", ["000456789", "666456789", "900456789", "123006789", "123450000"]),
    (digits.is_nino, "AB123456C", ["BG123456C", "AB123456E", "DB123456C"]),
    (digits.is_nhs, "9434765919", ["9434765918"]),
    (digits.is_steuer_id, "86095742719", ["86095742718", "06095742719", "12345678903"]),
    (digits.is_dni, "12345678Z", ["12345678A", "1234567Z"]),
    (digits.is_dni, "X1234567L", ["X1234567M"]),
    (digits.is_codice_fiscale, "RSSMRA85T10A562S", ["RSSMRA85T10A562T", "RSSMRA85F10A562S"]),
    (digits.is_nir, "255081416802538", ["255081416802539", "355081416802538"]),
    (digits.is_bsn, "111222333", ["111222334", "000000000"]),
    (digits.is_cpf, "52998224725", ["52998224726", "11111111111"]),
    (digits.is_pesel, "44051401359", ["44051401358"]),
    (digits.is_vin, "1M8GDM9AXKP042788", ["1M8GDM9A1KP042788", "1M8GDM9AXKPO42788"]),
    (digits.is_imei, "490154203237518", ["490154203237519", "378282246310005"]),
]


@pytest.mark.parametrize(("test", "good", "bad"), EXAMPLES)
def test_published_examples(test: Callable[[str], bool], good: str, bad: list[str]) -> None:
    assert test(good)
    for text in (*bad, "", "x", good + "0", "²" * len(good)):
        assert not test(text), text


def test_luhn_notices_each_changed_digit() -> None:
    good = "4539578763621486"
    assert digits.luhn(good)
    for at in range(len(good)):
        changed = [good[:at] + c + good[at + 1 :] for c in "0123456789" if c != good[at]]
        assert not any(map(digits.luhn, changed))
