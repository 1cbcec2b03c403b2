"""The page in a real browser: quiet, harmless, readable on a phone and in the dark, searchable."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from genesis_sql.report.certificate import certificate
from genesis_sql.report.content import Content
from genesis_sql.report.notebook import Report
from genesis_sql.report.page import page
from tests.report.browser import Page
from tests.report.made_up import content, private
from tests.report.test_page import evil

PHONE = 360


@pytest.fixture
def show(chromium: Page, tmp_path: Path):
    """Writes the page of a content, and shows it."""

    def run(given: Content, width: int = 1200, **how: bool) -> None:
        file = tmp_path / "report.html"
        file.write_text(page(given), encoding="utf-8")
        chromium.open(file, width, **how)

    return run


def full() -> Content:
    given = private(content())
    return replace(given, certificate=certificate(given))


def quiet(chromium: Page) -> bool:
    return (chromium.console, chromium.requests, chromium.dialogs) == ([], [], [])


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the bytes of the pixels, unfiltered: three or four of each."""
    at, data, head = 8, b"", b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        head, data = (body if kind == b"IHDR" else head), data + (body if kind == b"IDAT" else b"")
        at += size + 12
    width, height, depth, colour = struct.unpack(">IIBB", head[:10])
    assert depth == 8
    each = {2: 3, 6: 4}[colour]
    raw, out, above = zlib.decompress(data), bytearray(), bytearray(width * each)
    for y in range(height):
        start = y * (width * each + 1)
        line, how = bytearray(raw[start + 1 : start + 1 + width * each]), raw[start]
        for x in range(len(line)):
            left = line[x - each] if x >= each else 0
            corner = above[x - each] if x >= each else 0
            line[x] = line[x] + _guess(how, left, above[x], corner) & 255
        out += line
        above = line
    return width, height, bytes(out)


def _guess(how: int, left: int, up: int, corner: int) -> int:
    """What PNG's filters (RFC 2083, section 6) expect of a byte."""
    if how == 4:
        near = left + up - corner
        return min((left, up, corner), key=lambda v: abs(near - v))
    return (0, left, up, (left + up) // 2)[how]


def paper(png: bytes) -> tuple[int, float]:
    """How bright the commonest colour is, and the share of pixels that have another."""
    width, height, data = pixels(png)
    each = len(data) // (width * height)
    seen = Counter(data[at : at + 3] for at in range(0, len(data), each))
    ((colour, count),) = seen.most_common(1)
    return sum(colour) // 3, 1 - count / (width * height)


def test_the_page_is_quiet_and_complete(chromium: Page, show) -> None:
    show(full())
    assert quiet(chromium)
    assert chromium.run("document.querySelectorAll('svg[role=img]').length") == 30 + 9
    assert chromium.run("document.querySelector('.badge').textContent") == "Fail"
    assert (
        chromium.run("getComputedStyle(document.querySelector('.badge')).color") != "rgb(0, 0, 0)"
    )
    assert chromium.run("document.getElementById('search').hidden") is False, "its script ran"


def test_hostile_names_do_nothing(chromium: Page, show) -> None:
    show(evil())
    chromium.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert quiet(chromium)
    assert chromium.run("document.images.length + document.scripts.length") == 1
    assert chromium.run("document.querySelector('h1').textContent") == "<script>alert(1)</script>"
    chromium.run("document.getElementById('find').value = '<script>alert(1)'")
    chromium.run("document.getElementById('find').dispatchEvent(new Event('input'))")
    assert quiet(chromium)


def test_the_browser_would_have_seen_it(chromium: Page, tmp_path: Path) -> None:
    """What the other tests look for is there to be found: without escaping, all of it comes."""
    file = tmp_path / "open.html"
    file.write_text("<script>alert(1)</script><img src='http://127.0.0.1:9/x.png'>")
    chromium.open(file)
    assert chromium.dialogs == ["1"]
    assert chromium.requests == ["http://127.0.0.1:9/x.png"]


def test_the_policy_holds_where_escaping_would_fail(chromium: Page, tmp_path: Path) -> None:
    file = tmp_path / "broken.html"
    extra = "<script>alert(7)</script><img src='http://127.0.0.1:9/x.png'>"
    file.write_text(page(content(1)).replace("</header>", f"{extra}</header>"), encoding="utf-8")
    chromium.open(file)
    assert chromium.dialogs == []
    assert len([c for c in chromium.console if "Content Security Policy" in c]) == 2


@pytest.mark.parametrize("given", [full, evil], ids=["usual", "hostile"])
def test_a_phone_scrolls_one_way_only(chromium: Page, show, given) -> None:
    show(given(), PHONE)
    chromium.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert chromium.run("innerWidth") == PHONE
    assert chromium.run("document.documentElement.scrollWidth") == PHONE
    wide = chromium.run("""[...document.querySelectorAll('h1,h2,h3,h4,p,figure,svg,dl,nav,.scroll')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll .scale'))
        .filter(e => !e.matches('.scale')).map(e => e.outerHTML.slice(0, 80))""")
    assert wide == []
    small = "[...document.querySelectorAll('main p, main td')].filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"
    assert chromium.run(small) == 0


def test_light_dark_and_phone_are_three_pictures(chromium: Page, show) -> None:
    seen = {}
    for name, width, dark in (
        ("light", 1200, False),
        ("dark", 1200, True),
        ("phone", PHONE, False),
    ):
        show(full(), width, dark=dark)
        seen[name] = paper(chromium.picture(0.25))
    assert seen["light"][0] > 240
    assert seen["dark"][0] < 40
    assert seen["phone"][0] > 240
    assert all(0.01 < inked < 0.6 for _, inked in seen.values()), "not blank, not all ink"


_CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const part = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const own = getComputedStyle(e).backgroundColor;
      if (own !== 'rgba(0, 0, 0, 0)') return own;
    }
    return 'white';
  };
  let least = 99;
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest('script,style,title')) continue;
    const style = getComputedStyle(e), inside = e.namespaceURI.endsWith('svg');
    const [a, b] = [light(inside ? style.fill : style.color), light(paper(e))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(chromium: Page, show, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5."""
    show(full(), dark=dark)
    assert 4.5 <= chromium.run(_CONTRAST) < 22


def test_a_keyboard_reaches_what_scrolls_and_a_reader_hears_what_is_drawn(
    chromium: Page, show
) -> None:
    show(full())
    assert chromium.run(
        "[...document.querySelectorAll('.scroll,pre')].every(e => e.tabIndex === 0)"
    )
    assert chromium.run(
        "[...document.querySelectorAll('.scroll')].every(e => e.getAttribute('aria-label'))"
    )
    assert chromium.run(
        "[...document.querySelectorAll('svg[role=img]')].every(e => e.firstChild.textContent.length > 20)"
    )
    assert chromium.run("document.documentElement.lang") == "en"


def test_a_column_is_found_by_its_name(chromium: Page, show) -> None:
    show(content(5, 12))
    shown = "[...document.querySelectorAll('figure.card')].filter(e => e.checkVisibility()).map(e => e.querySelector('.name').textContent)"
    assert len(chromium.run(shown)) == 12, "four of five tables are folded"
    typed = """new Promise(done => { const f = document.getElementById('find'); f.value = '%s';
        f.dispatchEvent(new Event('input')); setTimeout(() => done(1), 200); })"""
    chromium.run(typed % "AGE_1")
    assert chromium.run(shown) == ["age_1"] * 5
    chromium.run(typed % "table_4")
    assert len(chromium.run(shown)) == 12, "a table is found with all its columns"
    chromium.run(typed % "no such column")
    assert chromium.run(shown) == []
    assert chromium.run("document.getElementById('found').textContent") == "0 found"
    chromium.run(typed % "")
    assert len(chromium.run(shown)) == 12
    assert chromium.run(
        "[...document.querySelectorAll('details.table')].every(d => d.checkVisibility())"
    )


def test_a_table_is_sorted_by_a_click(chromium: Page, show) -> None:
    show(content(1))
    scores = """[...document.querySelector('#privacy table').tBodies[0].rows]
        .map(r => r.querySelector('.n').textContent)"""
    head = "[...document.querySelectorAll('#privacy th')].find(h => h.textContent === 'score')"
    chromium.run(f"{head}.querySelector('button').click()")
    assert chromium.run(scores) == ["0.002", "0.005", "0.021", "0.311", "0.506"]
    assert chromium.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    chromium.run(f"{head}.querySelector('button').click()")
    assert chromium.run(scores) == ["0.506", "0.311", "0.021", "0.005", "0.002"]


def test_nothing_is_missing_without_scripts(chromium: Page, show) -> None:
    show(content(1), scripts=True)
    words = "document.querySelector('main').textContent.length"
    with_scripts = chromium.run(words)
    show(content(1), scripts=False)
    assert quiet(chromium)
    _, inked = paper(chromium.picture(0.25))
    assert inked > 0.01
    assert with_scripts == chromium.run(words)


def test_paper_is_white_and_has_every_picture(chromium: Page, show) -> None:
    show(content(5, 4), dark=True)
    chromium.paper(dark=True)
    chromium.run("dispatchEvent(new Event('beforeprint'))")
    drawn = (
        "[...document.querySelectorAll('figure.card svg')].filter(e => e.checkVisibility()).length"
    )
    assert chromium.run(drawn) == 20
    assert chromium.run("document.querySelector('nav').checkVisibility()") is False
    assert paper(chromium.picture(0.25))[0] > 240
    chromium.run("dispatchEvent(new Event('afterprint'))")
    assert chromium.run("document.querySelectorAll('details.table[open]').length") == 1


def test_a_large_schema_opens_at_once(chromium: Page, show) -> None:
    show(content(30, 10))
    assert 0 < chromium.seconds() < 2
    assert chromium.run("document.querySelectorAll('details.table').length") == 30
    assert chromium.run("document.querySelectorAll('details.table[open]').length") == 1
    assert chromium.run("document.documentElement.scrollHeight") < 12_000


def test_a_notebook_runs_the_page_in_its_frame(chromium: Page, tmp_path: Path) -> None:
    file = tmp_path / "notebook.html"
    report = Report(content(1))
    pictures = f"{report.distribution('customers', 'age')}{report.pairs('customers')}"
    file.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'>{report._repr_html_()}{pictures}", encoding="utf-8"
    )
    chromium.open(file)
    assert quiet(chromium)
    assert chromium.run("document.querySelector('iframe').contentDocument") is None, "kept apart"
    assert paper(chromium.picture(0.25))[1] > 0.02
