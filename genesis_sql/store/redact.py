"""Takes secrets out of arguments and error texts before they are stored.

When in doubt something is taken out: a history that cannot be repeated word for word is a nuisance,
a password in a shared file is a leak. Column lists, plain names and comparisons of qualified
columns (``a.token = b.token``) stay.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET_WORDS = {
    *("password", "passwords", "passwd", "pwd", "passphrase", "passcode"),
    *("secret", "secrets", "token", "tokens", "credential", "credentials", "signature", "sas"),
    *("authorization", "auth", "cookie", "cookies", "header", "headers"),
    *("apikey", "apikeys", "accesskey", "secretkey", "privatekey"),
}
_KEY_KINDS = {
    *("api", "access", "account", "private", "secret", "shared", "encryption", "signing", "master"),
    *("subscription", "service", "client"),
}
"""Words that make a secret of the word key behind them; a bare key is a column or an option."""

_WORD = r"""(?xi)
(?: passw(?:or)?d | passphrase | passcode | secret | token | credential
  | (?:api|access|account|private|encryption|shared|signing|master|subscription) [_-]? key
  | (?<![a-z]) (?:pwd|sas|sig|signature) )
(?: [_-]? (?:access|key|id|value|string|signature|text) )* s?
(?![a-z0-9_])
"""
_VALUE = r"""
(?P<value> \$(?P<tag>\w*)\$ .*? \$(?P=tag)\$        # $$dollar quoted$$
  | \\+ (?P<q>["']) .*? \\+ (?P=q)            # \"escaped JSON\"
  | '' [^']+ ''                               # ''SQL inside SQL''
  | ' (?: [^'\\] | '' | \\. )* '
  | " (?: [^"\\] | "" | \\. )* "
  | (?P<bare> ["']? [^\s'"&;]+ ) )
"""
_ASSIGNED = re.compile(
    rf"""{_WORD} \\*["']{{0,2}}
    (?P<operator> \s* (?: := | => | = | (?<!:):(?![:=]) ) \s* | \s+ (?=['$]) )
    {_VALUE}""",
    re.DOTALL,
)
_OPENING = re.compile(r"\\*['\"]{1,2}|\$\w*\$")
_COLUMN = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*\)*,?$")
_QUOTES = r"'[^']*(?:'|$)|\"[^\"]*(?:\"|$)|\$\$.*?\$\$"
_BODY = rf"(?:{_QUOTES}|[^()'\"$]|\$)*"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?is)\b(create\s+(?:or\s+replace\s+)?(?:persistent\s+|temp(?:orary)?\s+)?secret\b[^(]*)"
            rf"\({_BODY}(?:\({_BODY}\){_BODY})*(?:\)|$)"
        ),
        rf"\1({MASK})",
    ),
    (
        re.compile(
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
        ),
        MASK,
    ),
    (
        re.compile(
            r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[a-z]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_\w{20,}"
            r"|xox[a-z]-[\w-]{10,}|sk-[\w-]{16,}|dapi[0-9a-f]{32}|AIza[\w-]{35}"
            r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
        ),
        MASK,
    ),
    # user:password@ up to the last @, for passwords hold any character; then token@ alone
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)[^\s'\"/:@]*:[^\s'\"]{0,1000}@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)[^\s'\"/?#@]+@"), rf"\1{MASK}@"),
    (
        re.compile(
            r"(?i)([?&;](?:x-(?:amz|goog|ms)-[\w-]+|sig|key|code|auth|awsaccesskeyid|googleaccessid)=)[^&\s'\"#]+"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*[\"']{0,2}\s*(?::=|=>|[:=])\s*\\*[\"']{0,2})"
            r"[^'\"\r\n]+"
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}"), rf"\1 {MASK}"),
)


def redact(value: Any) -> Any:
    """The value as plain data (dicts, lists, text, numbers) without its secrets.

    Example:
        >>> redact({"source": "postgres://me:pw@host/db", "password": "pw", "seed": 7})
        {'source': 'postgres://***@host/db', 'password': '***', 'seed': 7}
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {redact_text(str(k)): _under(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = value if isinstance(value, list | tuple) else sorted(value, key=str)
        return [redact(v) for v in items]
    return redact_text(str(value))


def redact_text(text: str) -> str:
    """A text (SQL, a URL, an error) without the secrets inside it."""
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return _ASSIGNED.sub(_mask_assigned, text)


def redacted_json(value: Any) -> str:
    """JSON text for a JSON column: no secrets, no NaN, no lone surrogates."""
    return storable(json.dumps(redact(value), ensure_ascii=False, sort_keys=True))


def storable(text: str) -> str:
    """Text that DuckDB can hold: UTF-8 without zero bytes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _under(key: str, value: Any) -> Any:
    empty = value is None or isinstance(value, bool) or value in ("", [], {})
    if (
        empty
        or not _is_secret(key)
        or (_words(key)[-1:] == ["tokens"] and isinstance(value, int | float))
    ):
        return redact(value)
    return MASK


def _is_secret(key: str) -> bool:
    words = _words(key)
    pairs = itertools.pairwise(words)
    kinds = any(
        (b in ("key", "keys") and a in _KEY_KINDS) or (a, b) == ("key", "id") for a, b in pairs
    )
    return kinds or not _SECRET_WORDS.isdisjoint(words)


def _words(key: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key)
    return [w.lower() for w in re.split(r"[^A-Za-z0-9]+", spaced) if w]


def _mask_assigned(found: re.Match[str]) -> str:
    bare, operator = found["bare"], found["operator"]
    compared = operator[:1].isspace() and operator[-1:].isspace() and operator.strip() == "="
    if bare and compared and _COLUMN.match(bare):
        return found[0]
    value = found["value"]
    if value in ("''", '""'):
        return found[0]
    opening = None if bare else _OPENING.match(value)
    quote = opening[0] if opening else ""
    return found[0].removesuffix(value) + quote + MASK + quote
