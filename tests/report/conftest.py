"""A browser that all tests of the report share, and contents to show in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.report.browser import Page, find


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    """A tab of a real Chromium. CI installs one and fails without; elsewhere its lack is told."""
    program = find()
    if program is None:
        message = "no Chromium on the PATH, the report was NOT looked at in a browser: make browser"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    page = Page(program)
    yield page
    page.close()
