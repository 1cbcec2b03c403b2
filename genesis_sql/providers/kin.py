"""Which columns of a table are of one person or one place: `spouse_name` is somebody else.

A name begins with whom or what it is of: 'emergency contact', 'shipping', 'billing'. Only columns
that begin alike belong together; those of the row's own person or place begin with neither. The
words of the table itself ('manager' in managers) and those that mean the same person ('customer',
'account holder') say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from genesis_sql.providers.meaning_names import ADDRESS, PERSON
from genesis_sql.providers.words import table_words, words_of

OTHERS = frozenset(
    "emergency manager supervisor boss doctor physician nurse surgeon therapist guardian spouse "
    "parent mother father partner wife husband child son daughter kin relative beneficiary "
    "reference referrer referee referring sponsor provider teacher instructor advisor adviser "
    "lawyer attorney assistant approver reviewer recipient receiver sender driver landlord "
    "representative salesperson agent coach mentor director owner author editor creator witness "
    "cosigner guarantor dependent sibling brother sister friend caregiver dentist pharmacist "
    "prescriber attending technician inspector clerk cashier broker "
    "seller buyer interviewer interviewee handler organizer host guest kid maiden".split()
)
"""Words of people that are not the row's own."""
ELSEWHERE = frozenset(
    "shipping ship billing bill origin destination pickup pick dropoff drop delivery mailing home "
    "work office permanent current previous departure arrival return store warehouse branch birth "
    "from to start end source target company employer school hospital sender recipient receiver "
    "correspondence temporary legal registered headquarters hq venue event property seller buyer "
    "supplier vendor merchant bank home invoice departing arriving".split()
)
"""Words of places that are not the row's own."""
OF_PEOPLE = frozenset((*PERSON, "salary")) - {"department", "language", "job_title"}
OF_PLACES = frozenset(ADDRESS)


@lru_cache(maxsize=4096)
def whose(name: str, table: str, *, place: bool = False) -> tuple[str, ...]:
    """Whom a column is of, or of which place; nothing for the row's own.

    Example:
        >>> whose("emergency_contact_name", "patients"), whose("manager_name", "managers")
        (('emergency',), ())
        >>> whose("shipping_zip", "orders", place=True), whose("customer_name", "orders")
        (('shipping',), ())
    """
    known = OTHERS | ELSEWHERE if place else OTHERS
    own = set(table_words(table))
    return tuple(w for w in words_of(name) if w in known and w not in own)


def together(
    name: str, meaning: str, others: Iterable[tuple[str, str]], table: str
) -> dict[str, str]:
    """Columns that belong to one, by their meanings; of a meaning the first.

    Args:
        name: the column.
        meaning: what it holds.
        others: other columns of the table and what they hold.
        table: their table.

    Example:
        >>> held = [("first_name", "first_name"), ("spouse_first_name", "first_name")]
        >>> together("spouse_email", "email", held, "people")
        {'first_name': 'spouse_first_name'}
    """
    out: dict[str, str] = {}
    for other, word in others:
        person, place = word in OF_PEOPLE, word in OF_PLACES
        if person and meaning in OF_PEOPLE and whose(name, table) != whose(other, table):
            continue
        both = whose(name, table, place=True), whose(other, table, place=True)
        if place and meaning in OF_PLACES and both[0] != both[1]:
            continue
        out.setdefault(word, other)
    return out
