"""Companies, what they do, and their numbers."""

from __future__ import annotations

from genesis_sql.providers import lists_business as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.forms import combined, listed, shaped
from genesis_sql.providers.names import is_us
from genesis_sql.providers.word import Word
from genesis_sql.reference.invented import FIRST_PARTS, LAST_PARTS


def company(ask: Ask) -> Columns:
    """The name of a company: two words of ours and a legal form of the country."""
    locale = "en_US" if is_us(ask.locale) else ask.locale
    ends = words.LEGAL_FORMS.get(locale, words.LEGAL_FORMS["en_US"])
    front = [*words.COMPANY_FRONT]
    if ask.unique:
        front += [a + b for a in FIRST_PARTS for b in LAST_PARTS if a[-1] != b[0]]
    return combined(ask, [front, words.COMPANY_BACK, ends])


def industry(ask: Ask) -> Columns:
    """A line of business."""
    return listed(ask, [*words.INDUSTRIES], [*words.INDUSTRIES.values()], growing=True)


def tax_id(ask: Ask) -> Columns:
    """An employer's number of a prefix that the IRS does not give out, or of another form."""
    return shaped(ask, "00-#######" if is_us(ask.locale) else "00#########")


def team(ask: Ask) -> Columns:
    """The name of a team."""
    return combined(ask, [words.TEAM_FRONT, words.TEAM_BACK])


WORDS: dict[str, Word] = {
    "company": Word(company, "the name of a company that we made up", "Northfield Systems Inc."),
    "industry": Word(industry, "a line of business", "Logistics"),
    "tax_id": Word(tax_id, "a company's tax number of a form never given out", "00-4821937",
                   ("text", "whole")),
    "team": Word(team, "the name of a team", "Blue Herons"),
}  # fmt: skip
