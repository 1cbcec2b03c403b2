"""The states by the two letters of the post."""

from __future__ import annotations

from collections.abc import Iterable

from genesis_sql.errors import OptionError, nearest

STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
"""The fifty and the District of Columbia: those that have counties in the reference tables."""

TERRITORIES = {
    "AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands", "PR": "Puerto Rico",
    "VI": "Virgin Islands",
}  # fmt: skip
"""Directories have providers there, the county tables do not."""


def state_code(given: str, known: Iterable[str] = STATES) -> str:
    """The two letters of a state that is given by them or by its name.

    Args:
        given: as in 'TX', 'tx', 'Texas'.
        known: the codes that can be meant.

    Raises:
        OptionError: there is no such state.

    Example:
        >>> state_code("texas")
        'TX'
    """
    codes = {code: (STATES | TERRITORIES)[code] for code in known}
    wanted = " ".join(given.split()).upper()
    found = [c for c, name in codes.items() if wanted in (c, name.upper())]
    if not found:
        near = nearest(wanted, [*codes.values()] if len(wanted) > 2 else [*codes])
        message = f"there is no state '{given}'; give its two letters, as in state := 'TX'{near}"
        raise OptionError(message)
    return found[0]
