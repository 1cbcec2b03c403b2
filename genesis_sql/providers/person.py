"""Names, e-mail addresses, telephones, jobs: what is known of a person."""

from __future__ import annotations

from typing import Any

from genesis_sql.errors import OptionError
from genesis_sql.providers import lists_people as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.dates import as_of, birth_law
from genesis_sql.providers.faker_words import words_of
from genesis_sql.providers.forms import (
    Spec,
    alone,
    combined,
    computed,
    digits_for,
    family,
    helper,
    hidden,
    labels,
    length_of,
    listed,
    number_option,
    plain_letters,
    require_length,
    shape_of,
    shaped,
    text_sql,
    weighted,
)
from genesis_sql.providers.names import FEMALE, MALE, first_names, is_latin, is_us, last_names
from genesis_sql.providers.short_forms import ALPHA_3, LANGUAGES, NATIONALITIES
from genesis_sql.providers.word import NUMBER, TEXT, Word
from genesis_sql.providers.words import words_of as words_of_name
from genesis_sql.sqlbuild import quoted

OTHERS = 100
"""Names of each sex for whom the table calls neither."""
LOCALE = 6
"""Letters of a column that holds codes of languages rather than their names."""
HALVES = {"F": 0.505, "M": 0.495}


# names


def first_law(ask: Ask) -> Spec:
    """The law of a first name: by the sex where the table has one as text."""
    both = [first_names(ask.locale, sex) for sex in ("F", "M")]
    sibling = ask.siblings.get("gender")
    beside = sibling is not None and family(ask.types.get("gender", "VARCHAR")) == "text"
    many = OTHERS if beside else None
    names = [n for words, _ in both for n in words[:many]]
    either = labels(ask, names, [w for _, weights in both for w in _even(weights[:many])])
    if not beside:
        return either
    cases = [
        {"when": {sibling: [*written]}, "then": labels(ask, names, weights)}
        for written, (names, weights) in zip((FEMALE, MALE), both, strict=True)
    ]
    return {"type": "conditional", "cases": cases, "otherwise": either}


def _even(weights: tuple[float, ...]) -> list[float]:
    return [w / sum(weights) for w in weights]


def first_name(ask: Ask) -> Columns:
    """A first name."""
    if ask.unique:
        return listed(ask, [n for s in "FM" for n in first_names(ask.locale, s)[0]], growing=True)
    return alone(ask, first_law(ask))


def last_name(ask: Ask) -> Columns:
    """A surname."""
    names, weights = last_names(ask.locale)
    return listed(ask, names, weights, growing=True)


def full_name(ask: Ask) -> Columns:
    """A first name and a surname: the table's own where it has them."""
    first = ask.siblings.get("first_name", helper(ask, "first"))
    last = ask.siblings.get("last_name", helper(ask, "last"))
    made: Columns = {}
    if ask.unique and not {"first_name", "last_name", "gender"} & ask.siblings.keys():
        both = [n for sex in "FM" for n in first_names(ask.locale, sex)[0]]
        lists = [both, last_names(ask.locale)[0]]
        return combined(ask, lists[::-1] if _behind(ask) else lists)
    if "first_name" not in ask.siblings:
        made[first] = hidden(first_law(_long(ask)))
    if "last_name" not in ask.siblings:
        made[last] = hidden(labels(_long(ask), *last_names(ask.locale)))
    parts = [quoted(name) for name in ((last, first) if _behind(ask) else (first, last))]
    sql = f"{parts[0]} || ' ' || {parts[1]}"
    if not ask.unique:
        return {**made, **computed(ask, sql, 60)}
    room = digits_for(ask.rows) + 1
    require_length(ask, room + 1)
    length = length_of(ask)
    if length is not None:
        sql = f"left({sql}, {length - room})"
    return {**made, **computed(ask, f"{sql} || ' ' || CAST(n() + 1 AS VARCHAR)")}


def _behind(ask: Ask) -> bool:
    """Whether the surname stands first."""
    return ask.locale.split("_")[0] in ("ja", "zh", "ko", "hu")


def _long(ask: Ask) -> Ask:
    from dataclasses import replace

    return replace(ask, length=None, type="VARCHAR", unique=False)


def name_prefix(ask: Ask) -> Columns:
    """Ms., Mr., Dr.: by the sex where the table has it."""
    female, male = words.PREFIXES
    if not is_us(ask.locale):
        return listed(ask, *words_of("prefix", ask))
    sibling = ask.siblings.get("gender")
    either = labels(ask, [*female, *male], [*female.values(), *male.values()])
    if sibling is None or ask.unique or family(ask.types.get("gender", "VARCHAR")) != "text":
        return listed(ask, [*female, *male], [*female.values(), *male.values()])
    cases = [
        {"when": {sibling: [*written]}, "then": labels(ask, [*found], [*found.values()])}
        for written, found in ((FEMALE, female), (MALE, male))
    ]
    return alone(ask, {"type": "conditional", "cases": cases, "otherwise": either})


def gender(ask: Ask) -> Columns:
    """A sex, in as many letters as the column holds."""
    if family(ask.type) != "text":
        return alone(ask, {"type": "explicit", "values": [1, 2], "weights": [0.505, 0.495]})
    length = length_of(ask)
    long = length is None or length >= 6
    names = ("Female", "Male") if long and ask.locale.startswith("en") else ("F", "M")
    return listed(ask, names, [*HALVES.values()])


# dates and ages


def birth_date(ask: Ask) -> Columns:
    """A day of birth, of people aged 18 to 90 unless told otherwise."""
    low, high = number_option(ask, "min", 18), number_option(ask, "max", _oldest(ask))
    return alone(ask, {**birth_law(as_of(ask), int(low), int(high))})


def _oldest(ask: Ask) -> int:
    """Who has a job beside is of working age."""
    return 67 if {"salary", "job_title", "department"} & ask.siblings.keys() else 90


def age(ask: Ask) -> Columns:
    """Full years: counted from the date of birth where the table has one."""
    born = ask.siblings.get("birth_date")
    if born is not None and not ask.unique:
        day = as_of(ask)
        column = f"CAST({quoted(born)} AS DATE)"
        sql = (
            f"{day.year} - year({column}) - CASE WHEN month({column}) * 100 + day({column}) > "
            f"{day.month * 100 + day.day} THEN 1 ELSE 0 END"
        )
        return computed(ask, sql)
    low, high = number_option(ask, "min", 18), number_option(ask, "max", _oldest(ask))
    bands = [(low, high, 1.0)]
    if low < 65 < high:
        bands = [(low, 44, 0.48), (45, 64, 0.32), (65, high, 0.2)] if low < 45 else bands
    held = [{"min": a, "max": b, "weight": w} for a, b, w in bands]
    return alone(ask, {"type": "bands", "bands": held, "decimals": 0})


# numbers of a person


def national_id(ask: Ask) -> Columns:
    """A number of a form that no office has ever given out."""
    shape = words.NATIONAL_IDS.get(ask.locale, "ID-#########")
    if is_us(ask.locale):
        shape = words.NATIONAL_IDS["en_US"]
    length = length_of(ask)
    bare = shape.replace("-", "").replace(" ", "")
    return shaped(ask, bare if length is not None and length < len(shape) else shape)


def phone(ask: Ask) -> Columns:
    """A telephone number that nobody has: ranges kept free for fiction, or without a subscriber."""
    form = "en_US" if is_us(ask.locale) else ask.locale
    shapes = words.PHONES.get(form, words.PHONES["*"])
    length = length_of(ask)
    if ask.unique:
        wide = [s for s in words.MANY_PHONES.get(form, words.MANY_PHONES["*"]) if _fits(s, length)]
        return shaped(ask, wide[0] if wide else words.MANY_PHONES["*"][-1])
    fit = [s for s in shapes if _fits(s, length)]
    if not fit:
        return shaped(ask, "555####")
    if form == "en_US":
        return _us_phone(ask, fit[0])
    return shaped(ask, fit[0])


def _fits(shape: str, length: int | None) -> bool:
    return length is None or len(shape) <= length


def _us_phone(ask: Ask, shape: str) -> Columns:
    """An area code that exists, and 555-0100 to 555-0199, which are kept for fiction."""
    area, line = helper(ask, "area"), helper(ask, "line")
    made = {
        area: hidden(weighted(words.AREA_CODES)),
        line: hidden(shape_of("##")),
    }
    before, _, behind = shape.partition("AAA")
    ends = behind.removesuffix("##")
    sql = f"{text_sql(before)} || {quoted(area)} || {text_sql(ends)} || {quoted(line)}"
    return {**made, **computed(ask, sql)}


# names on the net


def _letters(ask: Ask, name: str) -> str:
    """SQL for the letters of a name; ours have no marks but those that a caller brings."""
    return plain_letters(quoted(name), " '" if is_us(ask.locale) else " '-.ß")


def _local_part(ask: Ask) -> tuple[Columns, str]:
    """SQL for the part before the @, or a user name, of lower-case letters."""
    first, last = ask.siblings.get("first_name"), ask.siblings.get("last_name")
    full = ask.siblings.get("full_name")
    if is_latin(ask.locale):
        if first and last:
            return {}, f"{_letters(ask, first)} || '.' || {_letters(ask, last)}"
        if full:
            sql = f"replace({quoted(full)}, ' ', '_')"
            return {}, f"replace({plain_letters(sql)}, '_', '.')"
        known = first or last
        if known:
            return {}, _letters(ask, known)
    word = helper(ask, "word")
    parts = [list(words.HANDLES_FRONT), list(words.HANDLES_BACK)]
    return {word: hidden({"type": "combined", "parts": parts, "separator": "."})}, quoted(word)


def email(ask: Ask) -> Columns:
    """An address under a domain that is kept for examples (RFC 2606), from the person's name."""
    domains = _domains(ask)
    short = min(domains, key=len) if "domains" in ask.options else words.SHORT_DOMAIN
    digits = digits_for(ask.rows) if ask.unique else 2
    require_length(ask, len(short) + digits + 2)
    length = length_of(ask)
    room = None if length is None else max(length - digits - 1, 0)
    made, local = _local_part(ask)
    domain = helper(ask, "domain")
    kept = [d for d in domains if room is None or len(d) + 12 <= room] or [short]
    made[domain] = hidden(weighted(kept, [4.0 if d in words.BIG else 1.0 for d in kept]))
    if room is not None:
        local = f"left({local}, {room - max(map(len, kept))})"
    sql = f"coalesce({local}, 'someone') || {_number(ask)} || '@' || {quoted(domain)}"
    return {**made, **computed(ask, sql)}


def _domains(ask: Ask) -> list[str]:
    given = ask.options.get("domains")
    if given is None:
        return list(words.DOMAINS)
    if isinstance(given, str):
        given = [given]
    if not given or not all(isinstance(d, str) and d for d in given):
        message = f"{ask.table}.{ask.column}: domains is a list of texts, as in ['shop.example']"
        raise OptionError(message)
    return list(given)


def _number(ask: Ask) -> str:
    """What follows a name: the row's number where it is unique, else two digits now and then."""
    if ask.unique:
        return "CAST(n() + 1 AS VARCHAR)"
    return "CASE WHEN u() < 0.6 THEN '' ELSE CAST(CAST(floor(u() * 99) AS INTEGER) AS VARCHAR) END"


def username(ask: Ask) -> Columns:
    """A user name: letters of the person's name, or two words, and a number."""
    digits = digits_for(ask.rows) if ask.unique else 2
    require_length(ask, digits + 1)
    first, last = ask.siblings.get("first_name"), ask.siblings.get("last_name")
    if first and last and is_latin(ask.locale):
        made: Columns = {}
        local = f"left({_letters(ask, first)}, 1) || {_letters(ask, last)}"
    else:
        made, local = _local_part(ask)
        local = f"replace({local}, '.', '_')"
    length = length_of(ask)
    if length is not None:
        local = f"left({local}, {length - digits})"
    return {**made, **computed(ask, f"coalesce({local}, 'user') || {_number(ask)}")}


def password_hash(ask: Ask) -> Columns:
    """Sixty characters as bcrypt writes them, of no password; hex digits where there are fewer."""
    length = length_of(ask)
    if length is None or length >= 60:
        return shaped(ask, "$2b$12$" + "?#@?*" * 10 + "?@#")
    return shaped(ask, "*" * length)


# work and others


def job_title(ask: Ask) -> Columns:
    """A job."""
    if is_us(ask.locale) or ask.locale.startswith("en"):
        return listed(ask, words.JOBS, growing=True)
    return listed(ask, *words_of("job", ask), growing=True)


def department(ask: Ask) -> Columns:
    """A department of a company."""
    return listed(ask, [*words.DEPARTMENTS], [*words.DEPARTMENTS.values()], growing=True)


def _table(found: dict[str, float]) -> Any:
    def make(ask: Ask) -> Columns:
        return listed(ask, [*found], [*found.values()])

    return make


def language(ask: Ask) -> Columns:
    """A language; its ISO code in a column of few letters, or one that is called a code."""
    length, name = length_of(ask), set(words_of_name(ask.column))
    shares = [*words.LANGUAGES.values()]
    if (length is not None and length <= LOCALE) or name & {"code", "iso", "locale"}:
        three = length == 3
        return listed(ask, [LANGUAGES[name][three] for name in words.LANGUAGES], shares)
    return listed(ask, [*words.LANGUAGES], shares)


def nationality(ask: Ask) -> Columns:
    """A nationality; the code of its country in a column of two or three letters."""
    length, shares = length_of(ask), [*words.NATIONALITIES.values()]
    if length in (2, 3):
        held = [NATIONALITIES[name] for name in words.NATIONALITIES]
        return listed(ask, held if length == 2 else [ALPHA_3[c] for c in held], shares)
    return listed(ask, [*words.NATIONALITIES], shares)


WORDS: dict[str, Word] = {
    "first_name": Word(
        first_name, "a first name, of the sex beside it where there is one", "Jennifer"
    ),
    "last_name": Word(last_name, "a surname", "Johnson"),
    "full_name": Word(full_name, "first name and surname", "Mary Smith"),
    "name_prefix": Word(name_prefix, "how a person is addressed", "Dr."),
    "gender": Word(gender, "a sex", "F", ("text", "whole")),
    "birth_date": Word(
        birth_date,
        "a day of birth; options min and max are ages at as_of",
        "1984-03-09",
        ("date",),
        ("min", "max", "as_of"),
    ),
    "age": Word(
        age,
        "full years, those of the date of birth where there is one",
        "41",
        NUMBER,
        ("min", "max", "as_of"),
    ),
    "national_id": Word(
        national_id, "a number of a form that no office gives out", "912-14-0832", ("text", "whole")
    ),
    "username": Word(username, "a user name from the person's name", "msmith42"),
    "password_hash": Word(
        password_hash, "what looks like bcrypt's output, of no password", "$2b$12$…"
    ),
    "email": Word(
        email,
        "an e-mail address from the person's name under a domain kept for examples",
        "mary.smith@example.com",
        TEXT,
        ("domains",),
    ),
    "phone": Word(
        phone, "a telephone number kept for fiction", "(212) 555-0142", ("text", "whole")
    ),
    "job_title": Word(job_title, "a job", "Data Analyst"),
    "department": Word(department, "a department", "Sales"),
    "marital_status": Word(_table(words.MARITAL), "a marital status", "Married"),
    "nationality": Word(nationality, "a nationality", "Canadian"),
    "language": Word(language, "a language", "Spanish"),
}
