"""The report and its pictures where Python shows HTML: one call in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from genesis_sql.errors import OptionError, nearest
from genesis_sql.evaluate.measures import Distribution, Matrix

from .content import Content
from .drawing import distribution_svg as distribution_svg
from .heat_map import matrix_svg as matrix_svg
from .markup import tag
from .page import page
from .verdict import verdict

HEIGHT = 640
"""Of the frame in a notebook, in pixels."""


@dataclass(frozen=True)
class Picture:
    """One SVG that a notebook shows as it is."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.svg


@dataclass(frozen=True)
class Report:
    """All that was measured, as a page and as pictures.

    A notebook shows it by itself: the page stands in a frame that may run only its own script.

    Attributes:
        content: what was measured.
    """

    content: Content

    @cached_property
    def html(self) -> str:
        """The page."""
        return page(self.content)

    def write(self, path: str | Path) -> None:
        """Write the page to a file."""
        Path(path).write_text(self.html, encoding="utf-8")

    def distribution(self, table: str, column: str) -> Picture:
        """One column, real and synthetic drawn over each other.

        Raises:
            OptionError: no such column was measured.
        """
        every = self.content.distributions
        found: dict[tuple[str, ...], Distribution] = {(d.table, d.column): d for d in every}
        return Picture(distribution_svg(_one(found, (table, column))))

    def pairs(self, table: str) -> Picture:
        """The heat maps of one table: real, synthetic and their difference.

        Raises:
            OptionError: no pairs of such a table were measured.
        """
        found: dict[tuple[str, ...], Matrix] = {(m.table,): m for m in self.content.matrices}
        return Picture(matrix_svg(_one(found, (table,))))

    def _repr_html_(self) -> str:
        frame = tag(
            "iframe",
            srcdoc=self.html,
            sandbox="allow-scripts",
            width="100%",
            height=HEIGHT,
            style="border:0",
            title=f"Report of {self.content.title}",
        )
        return str(frame)

    def __repr__(self) -> str:
        """The verdict."""
        found = verdict(self.content)
        return f"Report of {self.content.title}: {found.status}. {' '.join(found.sentences)}"


_Drawn = TypeVar("_Drawn", Distribution, Matrix)


def _one(found: Mapping[tuple[str, ...], _Drawn], asked: tuple[str, ...]) -> _Drawn:
    if asked not in found:
        wanted, known = ".".join(asked), [".".join(k) for k in found]
        message = f"nothing was drawn of '{wanted}'{nearest(wanted, known)}"
        raise OptionError(message)
    return found[asked]
