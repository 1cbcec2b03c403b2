"""The page as text: everything is escaped, nothing is fetched, nothing measured is no pass."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from genesis_sql.evaluate.measures import Distribution, Matrix, Metric
from genesis_sql.report.certificate import certificate
from genesis_sql.report.content import Content, Guarantee, Handled, Provenance, Spending
from genesis_sql.report.drawing import LABELS, distribution_svg
from genesis_sql.report.heat_map import MAP_COLUMNS, layout, matrix_svg
from genesis_sql.report.notebook import Report
from genesis_sql.report.page import page
from genesis_sql.report.sections import DISTANCE, PICTURES
from genesis_sql.report.verdict import verdict, worst_first
from tests.report.made_up import MEANINGS, attacks, content, private, row

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror="alert(2)">',
    "</script><script>alert(3)</script>",
    "'-alert(4)-'",
    "</style><style>body{display:none}",
    "<!-- ]]> &lt;b&gt; \x00\x1b\ud800 \u202egnp.exe",
    "javascript:alert(5)",
    "</title></svg><svg onload=alert(6)>",
)


class Elements(HTMLParser):
    """The tags and attributes of a page, and the text outside of scripts."""

    def __init__(self, given: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(given)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def evil() -> Content:
    """Every text that comes from data or users is an attack."""
    names = EVIL
    table = names[1]
    drawn = [
        Distribution(table, n, "label", (*names, "…"), (0.1,) * 9, (0.1,) * 9, (0.1, 0.1), 0.5)
        for n in names
    ]
    drawn.append(
        Distribution(table, names[0], "number", names[:3], (0.4, 0.6), (0.5, 0.5), (0, 0), 0.9)
    )
    square = tuple(tuple(0.3 for _ in names) for _ in names)
    quality = [Metric("column", table, (n,), n, 0.5, 0.9, 7, "fail", 0.1, 0.9, n) for n in names]
    handled = [Handled(table, n, n, n, n) for n in names]
    spent = tuple(Spending(n, 1.0, 0.0, 0.1, n) for n in names)
    given = Content(
        names[0],
        Provenance(names[1], 1, names[2], names[3], names[4], fingerprint=names[5], changed=names[6], rows={n: (1, 2, None) for n in names}, options={n: n for n in names}, parts={n: n for n in names}, holdout=names[7]),
        tuple(quality),
        tuple(replace(m, scope="privacy") for m in quality),
        tuple(drawn),
        (Matrix(table, names, square, square, square),),
        guarantee=Guarantee(1.0, 0.0, names[0], names[1], names, spent, 2.0),
        columns=tuple(handled),
    )  # fmt: skip
    return replace(given, certificate=certificate(given, names[2]))


def test_nothing_of_the_data_becomes_markup() -> None:
    ordinary, attacked = (Elements(page(c)) for c in (certified(private(content())), evil()))
    assert {t for t, _ in attacked.tags} <= {t for t, _ in ordinary.tags}
    assert sum(t == "script" for t, _ in attacked.tags) == 1
    assert sum(t == "style" for t, _ in attacked.tags) == 1
    known = {key for _, given in ordinary.tags for key in given}
    assert {key for _, given in attacked.tags for key in given} <= known
    assert not any(key.startswith("on") for key in known)
    shown = "".join(attacked.texts)
    assert all(e in shown for e in EVIL if "\x00" not in e), "shown as what they are"
    assert "�" in shown
    page(evil()).encode("utf-8")


def test_nothing_is_fetched() -> None:
    for made in (page(evil()), page(certified(private(content())))):
        elements = Elements(made)
        for tag, given in elements.tags:
            assert not {"src", "srcset", "action", "data", "style", "poster"} & set(given), tag
            assert given.get("href", "#").startswith("#")
        policies = [g["content"] for t, g in elements.tags if g.get("http-equiv")]
        assert len(policies) == 1
        assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policies[0]
        assert "url(" not in made
        assert "@import" not in made


def certified(given: Content) -> Content:
    return replace(given, certificate=certificate(given))


def test_links_lead_somewhere_and_anchors_are_unique() -> None:
    elements = Elements(page(certified(private(content()))))
    anchors = [g["id"] for _, g in elements.tags if "id" in g]
    assert len(anchors) == len(set(anchors))
    links = [g["href"] for t, g in elements.tags if t == "a"]
    assert len(links) == 10
    assert {link[1:] for link in links if link} <= set(anchors)


def test_the_same_content_makes_the_same_page() -> None:
    assert page(content()) == page(content())


@pytest.mark.parametrize("empty", [Content("nothing"), replace(content(1), quality=(), privacy=())])
def test_nothing_measured_is_a_failure(empty: Content) -> None:
    found = verdict(empty)
    assert found.status == "fail"
    assert found.sentences[0].startswith("Nothing was measured")
    assert '<strong class="badge fail">Nothing measured</strong>' in page(empty)


def test_rows_without_a_verdict_are_no_pass() -> None:
    told = Metric("table", "t", (), "rows", 7.0, None, 7)
    missing = Metric("table", "t", (), "c2st_auc", None, None, 0, "pass", note="too few rows")
    found = verdict(Content("t", quality=(told, missing)))
    assert (found.status, found.told, found.unmeasured, found.passed) == ("fail", 1, 1, 0)
    assert "has a verdict" in found.sentences[0]


def test_the_first_sentence_says_what_was_found() -> None:
    good = row("table", "people", (), "c2st_auc", 0.52, 0.503)
    bad = row("table", "orders", (), "c2st_auc", 0.97, 0.5)
    worse, orphans = (
        row("column", "t", ("a",), "ks", 0.2, 0.9),
        row("parent-child", "orders", ("p",), "orphans", 3.0, 0.0),
    )

    found = verdict(Content("m", quality=(good,)))
    assert found.word == "Privacy not measured"
    assert (found.status, found.sentences[0]) == (
        "warn",
        "A classifier hardly tells synthetic rows from real ones (AUC 0.520; real against real 0.503).",
    )
    assert found.sentences[1:] == ("The one check passes.", "No attack on privacy was measured.")

    found = verdict(Content("m", quality=(good, worse, bad, orphans)))
    assert found.status == "fail"
    assert "AUC 0.970, worst c2st_auc of orders; real against real 0.500" in found.sentences[0]
    assert found.sentences[1] == (
        "3 of 4 checks fail: orphans of orders.p; ks of t.a; c2st_auc of orders."
    )


def test_the_worst_come_first_with_and_without_a_baseline() -> None:
    rows = [
        row("pair", "t", ("a", "b"), "pair", 0.70, None),
        row("pair", "t", ("a", "c"), "pair", 0.60, 0.98),
        row("column", "t", ("d",), "orphans", 486.0, None),
        row("column", "t", ("e",), "ks", 0.99, None),
        row("pair", "t", ("a", "e"), "pair", 0.90, 0.98),
    ]
    assert [m.score for m in worst_first(rows, MEANINGS)] == [486.0, 0.6, 0.7, 0.9, 0.99]


def test_a_high_score_that_real_rows_reach_too_is_not_called_hardly() -> None:
    """Where ids tell rows apart, they tell real ones apart as well."""
    ids = row("table", "trans", (), "c2st_auc", 0.91, 0.911)
    other = row("table", "loan", (), "c2st_auc", 0.55, 0.5)
    assert (
        "no better than real ones from others (AUC 0.910"
        in verdict(Content("m", quality=(ids,))).sentences[0]
    )
    first = verdict(Content("m", quality=(ids, other))).sentences[0]
    assert "hardly" in first
    assert "AUC 0.550, worst c2st_auc of loan" in first


def test_the_sentence_on_privacy_follows_the_rows() -> None:
    safe, leak = attacks(), row("privacy", "t", (), "exact_copies", 0.99, 0.002)
    good = row("table", "people", (), "c2st_auc", 0.52, 0.5)
    whole = verdict(Content("m", quality=(good,), privacy=tuple(safe)))
    assert (whole.status, whole.word) == ("pass", "Pass")
    assert (
        "All 5 privacy checks lie where"
        in verdict(Content("m", quality=(good,), privacy=tuple(safe))).sentences[2]
    )
    found = verdict(Content("m", quality=(good,), privacy=(*safe, leak)))
    assert (found.status, found.failed) == ("fail", 1)
    assert found.sentences[2] == "1 of 6 privacy checks fail: exact_copies of t."
    assert "ε = 1, δ = 1e-09" in verdict(private(Content("m", quality=(good,)))).sentences[-1]


def test_distance_is_never_shown_as_a_guarantee() -> None:
    assert DISTANCE in page(content(1))
    assert "No attack on privacy was measured" in page(replace(content(1), privacy=()))


def test_every_drawn_number_is_there_as_text() -> None:
    d = Distribution(
        "t", "grade", "label", ("a", "b", "…"), (0.5, 0.25, 0.15), (0.4, 0.3, 0.2), (0.1, 0.1), 0.85
    )
    shown = " ".join(Elements(page(Content("t", distributions=(d,)))).texts)
    for number in ("50.0 %", "25.0 %", "15.0 %", "40.0 %", "30.0 %", "20.0 %", "10.0 %", "0.850"):
        assert number in shown


def test_a_picture_follows_the_shares() -> None:
    def drawn(*synthetic: float) -> str:
        d = Distribution("t", "a", "number", ("0", "1", "2"), (0.5, 0.5), synthetic, (0, 0), 1.0)
        found = re.search(r'class="line" d="([^"]+)"', distribution_svg(d))
        assert found
        return found[1]

    assert drawn(0.5, 0.5) == "M2 100V4H150V4H298V100"
    assert drawn(0.25, 0.5) == "M2 100V52H150V4H298V100"


def test_wide_bins_are_low() -> None:
    """The area of a bin is its share: half of the rows on three quarters of the line."""
    d = Distribution("t", "a", "number", ("0", "1", "4"), (0.5, 0.5), (0.5, 0.5), (0, 0), 1.0)
    assert 'd="M2 100V4H76V68H298V100z"' in distribution_svg(d)


@pytest.mark.parametrize(
    "bins",
    [("2020-01-01", "2020-01-02", "2020-01-05"), ("00:00:00", "01:00:00", "04:00:00"), ("2020-01-01 00:00:00", "2020-01-01 01:00:00", "2020-01-01 04:00:00"), ("-1", "0", "3")],
)  # fmt: skip
def test_edges_are_read_as_what_they_are(bins: tuple[str, ...]) -> None:
    d = Distribution("t", "a", "moment", bins, (0.5, 0.5), (0.5, 0.5), (0, 0), 1.0)
    assert "H76V68" in distribution_svg(d)


@pytest.mark.parametrize("bins", [("a", "b", "c"), ("1", "1", "2"), ("-inf", "0", "inf"), ("nan", "1", "2")])  # fmt: skip
def test_edges_that_are_no_places_are_spread_evenly(bins: tuple[str, ...]) -> None:
    d = Distribution("t", "a", "number", bins, (0.5, 0.5), (0.5, 0.5), (0, 0), 1.0)
    assert "H150" in distribution_svg(d)


def test_what_lies_beyond_is_drawn_as_wide_as_the_rest_and_told() -> None:
    edges = ("-900", "0", "1", "2", "3", "4", "99999")
    shares = (0.1, 0.2, 0.2, 0.2, 0.2, 0.1)
    made = distribution_svg(Distribution("t", "a", "number", edges, shares, shares, (0, 0), 1.0))
    assert "M2 100V52H51.3V4H100.7" in made
    assert "-900 … 0" in made
    assert "4 … 99,999" in made


def test_many_labels_are_few_bars() -> None:
    labels = tuple(f"l{i}" for i in range(40))
    shares = (0.025,) * 40
    made = distribution_svg(Distribution("t", "a", "label", labels, shares, shares, (0, 0), 1.0))
    assert made.count('class="real"') == LABELS
    assert "31 others" in made


def test_a_wide_table_has_a_map_of_its_worst_columns() -> None:
    m = content(1, 60).matrices[0]
    real = [list(line) for line in m.real]
    for j in range(60):
        real[41][j] = 0.0 if m.synthetic[41][j] > 0.5 else 1.0
    changed = replace(m, real=tuple(map(tuple, real)))
    assert len(layout(changed).keep) == MAP_COLUMNS
    assert 41 in layout(changed).keep
    nan = float("nan")
    assert "<svg" in matrix_svg(
        Matrix("t", ("a", "b"), ((1, nan), (nan, 1)), ((1, 0.5), (0.5, 1)), ((1, 1), (1, 1)))
    )


def test_a_large_schema_stays_small() -> None:
    assert len(page(content(30, 10)).encode()) < 4_000_000
    assert len(page(content(1, 300)).encode()) < 4_000_000
    assert PICTURES == 600


def test_a_column_of_the_model_is_found_by_its_name_alone() -> None:
    """Names of metrics that nobody grouped are placed by their scope."""
    given = replace(content(2), groups={}, meanings={})
    shown = page(given)
    assert all(
        f'id="{anchor}"' in shown
        for anchor in ("tables", "relations", "detection", "utility", "privacy")
    )


def test_a_notebook_shows_the_page_and_single_pictures() -> None:
    report = Report(content(1))
    framed = Elements(report._repr_html_())
    ((tag, given),) = framed.tags  # the page is inside an attribute, escaped
    assert tag == "iframe"
    assert given["srcdoc"] == report.html
    assert given["sandbox"] == "allow-scripts"
    alone = report.distribution("customers", "age")._repr_svg_()
    assert alone.startswith("<svg")
    assert "<style>" in alone
    assert "synthetic" in str(report.pairs("customers"))
    assert repr(report).startswith("Report of shop: fail.")


def test_a_picture_of_an_unknown_column_names_the_nearest() -> None:
    report = Report(content(1))
    with pytest.raises(ValueError, match=r"'customers\.agee'; did you mean 'customers\.age'"):
        report.distribution("customers", "agee")
    with pytest.raises(ValueError, match="nothing was drawn of 'clients'"):
        report.pairs("clients")
