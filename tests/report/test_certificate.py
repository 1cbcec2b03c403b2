"""The certificate: only from what was measured, facts by law, hashes that see every change."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from genesis_sql.errors import IntegrityError
from genesis_sql.evaluate.measures import Distribution, Metric
from genesis_sql.report.certificate import FORMAT, certificate, intact
from genesis_sql.report.content import ANEW, COPIED, LEFT_OUT, Content, Guarantee, Handled
from genesis_sql.report.identifiers import IDENTIFIERS
from tests.report.made_up import attacks, content, private


def columns_of(made: dict, letter: str) -> list[tuple[str, str]]:
    (found,) = (i for i in made["hipaa_safe_harbor"]["identifiers"] if i["letter"] == letter)
    return [(c["column"], c["made"]) for c in found["columns"]]


@pytest.mark.parametrize(
    "nothing",
    [
        Content("m"),
        replace(content(1), quality=(), privacy=()),
        Content("m", quality=(Metric("table", "t", (), "ks", None, None, 100, note="too few"),)),
        Content("m", quality=(Metric("table", "t", (), "ks", 1.0, None, 0, "pass"),)),
        Content("m", guarantee=Guarantee(1.0, 1e-9)),
    ],
    ids="empty rows_removed unmeasured no_rows promised_only".split(),
)
def test_nothing_executed_is_refused(nothing: Content) -> None:
    with pytest.raises(IntegrityError, match="nothing to certify"):
        certificate(nothing)


def test_what_was_spent_can_be_certified_without_measurements() -> None:
    made = certificate(private(Content("m")))
    assert made["guaranteed"]["epsilon"] == 1.0
    assert made["measured"]["privacy"] == []
    assert [t["measured"] for t in made["gdpr_recital_26"]["tests"]] == [False] * 3


def test_it_is_json_with_a_version_and_the_same_each_time() -> None:
    made = certificate(content(2), "2026-11-26 19:00 UTC")
    assert made["format"] == FORMAT == 1
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert made == certificate(content(2), "2026-11-26 19:00 UTC")
    assert "no legal opinion" in made["statement"]
    assert set(made) == set(
        "format statement subject measured guaranteed hipaa_safe_harbor gdpr_recital_26 "
        "ccpa_deidentified hashes issued sha256".split()
    )


def test_every_change_is_seen() -> None:
    made = certificate(content(1))
    assert intact(made)
    assert intact(json.loads(json.dumps(made)))
    forged = json.loads(json.dumps(made))
    forged["measured"]["privacy"][0]["score"] = 0.0
    assert not intact(forged)
    assert not intact({k: v for k, v in made.items() if k != "sha256"})


def test_hashes_follow_what_they_are_of() -> None:
    given = content(1)
    p = given.provenance
    first = certificate(given)["hashes"]
    others = {
        "model": replace(given, provenance=replace(p, uuid="another")),
        "source_fingerprint": replace(given, provenance=replace(p, fingerprint="another")),
        "measurements": replace(given, privacy=given.privacy[1:]),
    }
    for name, changed in others.items():
        second = certificate(changed)["hashes"]
        assert {k for k in first if first[k] != second[k]} == {name}
    kept_none = certificate(replace(given, provenance=replace(p, fingerprint="")))
    assert kept_none["hashes"]["source_fingerprint"] is None


def test_eighteen_identifiers_each_with_its_columns() -> None:
    made = certificate(content(1))
    assert len(IDENTIFIERS) == 18
    assert (
        "".join(i["letter"] for i in made["hipaa_safe_harbor"]["identifiers"])
        == "ABCDEFGHIJKLMNOPQR"
    )
    assert columns_of(made, "F") == [("email", "made anew")]
    assert columns_of(made, "D") == [("phone", "made anew")]
    assert columns_of(made, "G") == [("ssn", "copied")]
    assert columns_of(made, "C") == [("opened", "learnt")], "dates are known by their type"
    assert columns_of(made, "A") == []


@pytest.mark.parametrize(
    ("kind", "letter"),
    [
        ("e-mail", "F"), ("IBAN", "J"), ("MAC address", "M"), ("IP address", "O"), ("US SSN", "G"),
        ("UK NHS number", "H"), ("first name", "A"), ("user name", "R"), ("postal code", "B"),
        ("date of birth", "C"), ("licence plate", "L"), ("driving licence", "K"),
    ],
)  # fmt: skip
def test_each_kind_has_its_identifier(kind: str, letter: str) -> None:
    given = Content("m", privacy=tuple(attacks()), columns=(Handled("t", "x", kind, ANEW),))
    assert columns_of(certificate(given), letter) == [("x", "made anew")]


def test_kinds_unknown_to_the_list_are_any_other_identifier() -> None:
    given = Content(
        "m",
        privacy=tuple(attacks()),
        columns=(Handled("t", "a", "membership_code", COPIED), Handled("t", "b", "free text", LEFT_OUT), Handled("t", "c", "", COPIED)),
        distributions=(Distribution("t", "d", "moment", ("2020-01-01", "2021-01-01"), (1.0,), (1.0,)),),
    )  # fmt: skip
    made = certificate(given)
    assert columns_of(made, "R") == [("a", "copied")]
    assert columns_of(made, "C") == [("d", "learnt")]
    assert [c["column"] for c in made["hipaa_safe_harbor"]["free_text"]] == ["b"]


def test_the_three_tests_are_the_rows_of_their_attacks() -> None:
    made = certificate(content(1))
    found = {t["test"]: [r["metric"] for r in t["rows"]] for t in made["gdpr_recital_26"]["tests"]}
    assert found == {
        "singling out": ["singling_out"],
        "linkability": ["linkability"],
        "inference": ["attribute_inference"],
    }
    also = [r["metric"] for r in made["gdpr_recital_26"]["also_measured"]]
    assert also == ["exact_copies", "membership_auc"]
    without = certificate(replace(content(1), privacy=tuple(attacks())[:2]))
    assert [t["measured"] for t in without["gdpr_recital_26"]["tests"]] == [False] * 3


def test_a_failed_attack_stands_in_the_facts() -> None:
    leak = replace(attacks()[0], score=0.99, verdict="fail")
    made = certificate(Content("m", privacy=(leak,)))
    assert made["measured"]["fail"] == 1
    assert "1 failed" in made["ccpa_deidentified"]["requirements"][0]["fact"]


def test_numbers_that_json_cannot_hold_are_null() -> None:
    odd = Metric("table", "t", (), "ks", float("inf"), float("nan"), 10, "info")
    (line,) = certificate(Content("m", quality=(odd,)))["measured"]["quality"]
    assert (line["score"], line["baseline"]) == (None, None)
