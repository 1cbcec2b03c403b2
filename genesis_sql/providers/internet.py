"""Addresses, names and files of the net: documentation ranges and reserved domains only."""

from __future__ import annotations

from genesis_sql.providers import lists_net as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.forms import (
    combined,
    computed,
    family,
    helper,
    hidden,
    length_of,
    listed,
    option,
    plain_letters,
    require_length,
    shape_of,
    shaped,
    too_many,
    weighted,
)
from genesis_sql.providers.names import is_latin
from genesis_sql.providers.word import TEXT, Word
from genesis_sql.sqlbuild import quoted


def _host(ask: Ask) -> tuple[Columns, str]:
    """SQL of the first part of a domain: from the company beside it, or two words."""
    company = ask.siblings.get("company")
    number = " || CAST(n() + 1 AS VARCHAR)" if ask.unique else ""
    if company is not None and is_latin(ask.locale):
        letters = plain_letters(quoted(company), " '-.,&ß")
        return {}, f"coalesce({letters}, 'site'){number}"
    name = helper(ask, "host")
    parts = {"type": "combined", "parts": [list(words.FRONT), list(words.BACK)], "separator": ""}
    return {name: hidden(parts)}, f"{quoted(name)}{number}"


def domain_name(ask: Ask) -> Columns:
    """A domain under .example, which RFC 2606 keeps for that."""
    require_length(ask, 9 + (8 if ask.unique else 0))
    made, host = _host(ask)
    return {**made, **computed(ask, _cut(ask, host, ".example"))}


def _cut(ask: Ask, host: str, ending: str, before: str = "") -> str:
    """SQL of a host between two texts; it is cut from the left, so that its number stays."""
    length = length_of(ask)
    if length is not None and length < 90:
        host = f"right({host}, {length - len(ending) - len(before)})"
    front = f"'{before}' || " if before else ""
    return f"{front}{host} || '{ending}'"


def url(ask: Ask) -> Columns:
    """A website under .example."""
    require_length(ask, 18 + (8 if ask.unique else 0))
    made, host = _host(ask)
    return {**made, **computed(ask, _cut(ask, host, ".example", "https://"))}


def ip_address(ask: Ask) -> Columns:
    """An address of the ranges for documentation (RFC 5737), or private where each differs."""
    if option(ask, "version", 4) == 6:
        return shaped(ask, "2001:db8:****:****::****")
    require_length(ask, 15)
    if ask.unique:
        return _private(ask)
    net, last = helper(ask, "net"), helper(ask, "last")
    made: Columns = {
        net: hidden(weighted(words.NETS)),
        last: hidden({"type": "uniform", "min": 1, "max": 254, "decimals": 0}),
    }
    return {**made, **computed(ask, f"{quoted(net)} || CAST({quoted(last)} AS VARCHAR)")}


def _private(ask: Ask) -> Columns:
    """10.0.0.0/8 (RFC 1918), in a scattered order: three bytes out of a row's number."""
    many = 2**24
    if ask.rows > many:
        raise too_many(ask, many)
    number = f"((n() * 10368889 + 5) % {many})"  # odd: a bijection of 2^24
    parts = [f"CAST({number} // {65_536} AS VARCHAR)", f"CAST({number} // 256 % 256 AS VARCHAR)"]
    sql = f"'10.' || {parts[0]} || '.' || {parts[1]} || '.' || CAST({number} % 256 AS VARCHAR)"
    return computed(ask, sql)


def mac_address(ask: Ask) -> Columns:
    """An address that is locally administered: no maker's (IEEE 802)."""
    return shaped(ask, "02:**:**:**:**:**")


def user_agent(ask: Ask) -> Columns:
    """How a browser names itself."""
    systems, versions = words.SYSTEMS, [str(v) for v in range(118, 144)]
    if ask.unique or (length_of(ask) or 200) < 120:
        short = [f"Browser/{v}.0 ({s})" for v in versions for s in ("Linux", "macOS", "Windows")]
        return listed(ask, short, growing=True)
    system, version = helper(ask, "system"), helper(ask, "version")
    made: Columns = {system: hidden(weighted(systems)), version: hidden(weighted(versions))}
    sql = (
        f"'Mozilla/5.0 (' || {quoted(system)} || ') AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/' || {quoted(version)} || '.0.0.0 Safari/537.36'"
    )
    return {**made, **computed(ask, sql)}


def slug(ask: Ask) -> Columns:
    """Words with hyphens: of the title beside it where there is one."""
    for meaning in ("title", "product_name", "label"):
        source = ask.siblings.get(meaning)
        if source is not None and (not ask.unique or (length_of(ask) or 99) > 12):
            length = length_of(ask) or 80
            text = (
                f"lower(replace(replace(replace({quoted(source)}, '''', ''), ':', ''), ' ', '-'))"
            )
            if not ask.unique:
                return computed(ask, f"left({text}, {length})")
            return computed(ask, f"left({text}, {length - 8}) || '-' || CAST(n() + 1 AS VARCHAR)")
    return combined(ask, [words.FRONT, words.BACK, words.THINGS], "-")


def image_url(ask: Ask) -> Columns:
    """Where a picture would lie."""
    return _file_url(ask, "https://img.example/", ".jpg")


def _file_url(ask: Ask, before: str, ending: str) -> Columns:
    length = length_of(ask)
    digits = 12 if length is None else min(12, length - len(before) - len(ending))
    require_length(ask, len(before) + len(ending) + 6)
    shape = before.replace("?", "\\?") + "*" * digits + ending
    return shaped(ask, shape)


def file_name(ask: Ask) -> Columns:
    """The name of a file."""
    endings = [".pdf", ".docx", ".xlsx", ".png", ".jpg", ".csv", ".txt", ".zip"]
    if ask.unique:
        name = helper(ask, "ending")
        require_length(ask, 13)
        made: Columns = {name: hidden(weighted(endings))}
        sql = f"'file' || CAST(n() + 1 AS VARCHAR) || {quoted(name)}"
        return {**made, **computed(ask, sql)}
    stem, ending = helper(ask, "stem"), helper(ask, "ending")
    parts = {"type": "combined", "parts": [list(words.FRONT), list(words.THINGS)], "separator": "_"}
    made = {stem: hidden(parts), ending: hidden(weighted(endings))}
    length = length_of(ask)
    base = quoted(stem) if length is None else f"left({quoted(stem)}, {max(length - 5, 1)})"
    return {**made, **computed(ask, f"{base} || {quoted(ending)}")}


def mime_type(ask: Ask) -> Columns:
    """What kind of file it is."""
    return listed(ask, [*words.MIME], [*words.MIME.values()])


def token(ask: Ask) -> Columns:
    """Hex digits: a secret of nothing."""
    length = length_of(ask) or 40
    return shaped(ask, "*" * min(length, 40))


def uuid(ask: Ask) -> Columns:
    """A UUID of version 4: hex digits, of which six bits are fixed."""
    shape = "********-****-4***-8***-************"
    if family(ask.type) == "uuid":
        name = helper(ask, "text")
        spec = {**shape_of(shape, unique=ask.unique), "hidden": True}
        return {name: spec, **computed(ask, f"CAST({quoted(name)} AS UUID)", type_="UUID")}
    length = length_of(ask)
    if length is not None and 32 <= length < 36:
        return shaped(ask, shape.replace("-", ""))
    return shaped(ask, shape)


def color(ask: Ask) -> Columns:
    """The name of a colour, or its six hex digits with the option hex."""
    if option(ask, "hex", False) or length_of(ask) == 7:
        return shaped(ask, "\\#******")
    return listed(ask, words.COLORS, growing=True)


WORDS: dict[str, Word] = {
    "url": Word(url, "a website under .example, of the company beside it", "https://oakhill.example"),
    "domain_name": Word(domain_name, "a domain under .example", "oakhill.example"),
    "ip_address": Word(
        ip_address, "an address of the ranges for documentation, or of 10.0.0.0/8 where each "
        "differs", "203.0.113.42", TEXT, ("version",),
    ),
    "mac_address": Word(mac_address, "a locally administered address", "02:1f:a0:33:7c:0d"),
    "user_agent": Word(user_agent, "how a browser names itself", "Mozilla/5.0 (…)"),
    "slug": Word(slug, "words with hyphens, of the title beside it", "quiet-harbor-guide"),
    "image_url": Word(image_url, "where a picture would lie", "https://img.example/0f3c….jpg"),
    "file_name": Word(file_name, "the name of a file", "north_report.pdf"),
    "mime_type": Word(mime_type, "the kind of a file", "application/pdf"),
    "token": Word(token, "hex digits, the secret of nothing", "9f0c…"),
    "uuid": Word(uuid, "a UUID of version 4", "0b5f…", ("text", "uuid")),
    "color": Word(color, "a colour; its hex digits with the option hex", "teal", TEXT, ("hex",)),
}  # fmt: skip
