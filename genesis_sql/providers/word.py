"""One word of the catalog: what makes it, into which types, and what it is in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_sql.providers.ask import Provider

TEXT = ("text",)
NUMBER = ("whole", "decimal", "float")
MOMENT = ("date", "timestamp")
DIGITS = ("text", "whole")


@dataclass(frozen=True)
class Word:
    """What fills columns of one meaning.

    Attributes:
        make: the provider, for the families of types it knows.
        about: one sentence for people.
        example: a value.
        families: of types that ``make`` fills itself; a text of digits fills whole numbers too.
        options: names of options besides those that every word has.
    """

    make: Provider
    about: str
    example: str
    families: tuple[str, ...] = TEXT
    options: tuple[str, ...] = ()
