"""A script of SQL -> the statements that describe tables, each as sqlglot's tree."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.dialects.dialect import Dialect

from genesis_sql.errors import OptionError, SchemaError, nearest

DIALECTS = (
    "postgres", "mysql", "sqlite", "duckdb", "tsql", "oracle", "snowflake", "bigquery", "redshift",
    "databricks", "spark", "hive", "clickhouse", "trino", "presto", "athena", "teradata",
    "materialize", "doris", "starrocks", "fabric",
)  # fmt: skip
"""What a script may be written in; the order in which they are tried."""

MOST_GUESSES = 8
MOST_LOOKED_AT = 200_000  # characters, for a guess

_ALIASES = {
    "postgresql": "postgres", "mariadb": "mysql", "sqlserver": "tsql", "mssql": "tsql",
    "sql server": "tsql", "transact-sql": "tsql", "google bigquery": "bigquery", "pg": "postgres",
}  # fmt: skip

_MARKS = {
    "mysql": r"\bAUTO_INCREMENT\b|\bENGINE\s*=|\bUNSIGNED\b|`\w+`\s+\w|\bENUM\s*\("
    r"|\bTINYINT\s*\(1\)",
    "tsql": r"\[\w+\]\s*[\w\[(.]|\bIDENTITY\s*\(\d|\bNVARCHAR\b|\bDATETIME2\b|^\s*GO\s*$"
    r"|\bUNIQUEIDENTIFIER\b",
    "oracle": r"\bN?VARCHAR2\b|\bNUMBER\s*\(\d+(?:\s*,\s*\d+)?\)|\bCLOB\b|\bSYSDATE\b|\bENABLE\b",
    "snowflake": r"\bTIMESTAMP_[NLT]TZ\b|\bVARIANT\b|\bAUTOINCREMENT\s+START\b|\bNUMBER\s*\(38"
    r"|\bCREATE OR REPLACE TABLE\b",
    "bigquery": r"\bINT64\b|\bFLOAT64\b|\bOPTIONS\s*\(|\bSTRING\b|\bBIGNUMERIC\b",
    "sqlite": r"\bPRIMARY KEY\s+AUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|^\s*PRAGMA\b|\bSTRICT\s*;",
    "postgres": r"\b(?:BIG|SMALL)?SERIAL\b|::|\bJSONB\b|\bTIMESTAMPTZ\b|\bCITEXT\b|\bAS ENUM\b"
    r"|\bBYTEA\b|\bCHARACTER VARYING\b|\bWITH(?:OUT)? TIME ZONE\b|\bALTER TABLE ONLY\b"
    r"|\bCREATE DOMAIN\b",
    "duckdb": r"\bHUGEINT\b|\bUBIGINT\b|\bUINTEGER\b|\bSTRUCT\s*\(|\bMAP\s*\(\w",
}  # fmt: skip
"""What gives a dialect away."""

_COPY = re.compile(r"^COPY\b[^;]*\bFROM\s+stdin[^;]*;.*?^\\\.\s*$", re.I | re.M | re.S)
_GO = re.compile(r"^[ \t]*GO[ \t]*;?[ \t]*$", re.I | re.M)
_PSQL = re.compile(r"^\\.*$", re.M)
_MYSQL_HINT = re.compile(r"/\*!\d*.*?\*/;?", re.S)
_DELIMITER = re.compile(r"^[ \t]*DELIMITER\b.*$", re.I | re.M)

_ROWS = re.compile(r"^\s*(?:INSERT|REPLACE|UPDATE|DELETE|MERGE)\b", re.I | re.M)
_MAKES = re.compile(r"^\s*(?:CREATE|ALTER|COMMENT)\b", re.I | re.M)
_OTHERS = r"""|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$|;"""
_PIECES = re.compile(r"'(?:[^']|'')*'" + _OTHERS, re.S)
_BACKSLASHED = re.compile(r"'(?:[^'\\]|\\.|'')*'" + _OTHERS, re.S)
_ESCAPES = ("mysql", "bigquery", "snowflake", "databricks", "spark", "hive", "clickhouse",
            "doris", "starrocks")  # fmt: skip
"""Dialects where a backslash in a text quotes what follows."""

_STORED = {"PCTFREE", "PCTUSED", "INITRANS", "MAXTRANS", "TABLESPACE", "COMPUTE"}
"""Words of storage, each with one behind it."""

_NOISE = {
    "CLUSTERED", "NONCLUSTERED", "ENABLE", "DISABLE", "VALIDATE", "NOVALIDATE", "ROWGUIDCOL",
    "SPARSE", "PERSISTED", "INVISIBLE", "VISIBLE", "RELY", "NORELY", "STORAGE", "VIRTUAL",
}  # fmt: skip
"""Words that say nothing about values, and that sqlglot does not read everywhere."""


@dataclass(frozen=True)
class Statement:
    """A statement as it was read, and what could not be."""

    tree: exp.Expression | None
    text: str
    failure: str = ""


def dialect_of(name: str, *, option: str = "dialect") -> str:
    """The dialect that a caller names under an option.

    Raises:
        OptionError: There is none of that name.

    Example:
        >>> dialect_of("PostgreSQL")
        'postgres'
    """
    plain = name.strip().casefold()
    found = _ALIASES.get(plain, plain)
    if found not in DIALECTS:
        message = (
            f"{option} := '{name}' is no dialect of SQL{nearest(plain, [*DIALECTS, *_ALIASES])}"
        )
        raise OptionError(message)
    return found


def guesses(text: str) -> list[str]:
    """The dialects a script may be in, the likeliest first: by the words only one of them has.

    SQLite, which takes any word for a type, is among them only where such a word is there.
    """
    flags = re.IGNORECASE | re.MULTILINE
    made = _without_rows(text, "mysql")[:MOST_LOOKED_AT]
    marks = {d: len(re.findall(pattern, made, flags)) for d, pattern in _MARKS.items()}
    able = [d for d in DIALECTS if d != "sqlite" or marks[d]]
    return sorted(able, key=lambda d: (-marks.get(d, 0), DIALECTS.index(d)))[:MOST_GUESSES]


def read_statements(text: str, dialect: str) -> list[Statement]:
    """The statements of a script that say something about tables, in their order.

    Raises:
        SchemaError: The text is no SQL, such as one with an open quote.
    """
    clean = _DELIMITER.sub("", _PSQL.sub("", _COPY.sub("", text)))
    clean = _without_rows(_GO.sub(";", _MYSQL_HINT.sub("", clean)), dialect)
    reader = Dialect.get_or_raise(dialect)
    try:
        tokens = list(reader.tokenize(clean))
    except sqlglot.errors.SqlglotError as error:
        message = f"the script is no {dialect} SQL: {_first_line(error)}"
        raise SchemaError(message) from error
    found = []
    with _silent():
        for chunk in _chunks(tokens):
            if _describes(chunk):
                found.append(_read(reader, chunk, clean))
    return found


def _without_rows(text: str, dialect: str) -> str:
    """The script without its INSERTs and their like, which can be most of it.

    A regular expression cuts it at semicolons outside of quotes and comments, a hundred times
    quicker than the tokenizer reads what nobody needs.
    """
    if not _ROWS.search(text):
        return text
    pieces = _BACKSLASHED if dialect in _ESCAPES else _PIECES
    kept, begin = [], 0
    for found in pieces.finditer(text):
        if found[0] != ";":
            continue
        statement = text[begin : found.end()]
        if not _ROWS.match(statement) or _MAKES.search(statement):
            kept.append(statement)
        begin = found.end()
    return "".join([*kept, text[begin:]])


@contextmanager
def _silent() -> Iterator[None]:
    """Without the warnings of sqlglot on what it does not read; the caller looks at the trees."""
    logger = logging.getLogger("sqlglot")
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _chunks(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    """The tokens of each statement; CREATE outside brackets begins one even without a semicolon."""
    chunk: list[Any] = []
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        ends = token.token_type is TokenType.SEMICOLON
        following = tokens[at + 1].text.upper() if at + 1 < len(tokens) else ""
        begins = token.token_type is TokenType.CREATE and depth == 0 and following == "TABLE"
        if (ends or begins) and chunk:
            yield chunk
            chunk, depth = [], 0
        if not ends:
            chunk.append(token)
        elif token.comments:  # a comment behind the semicolon is still the table's
            depth = 0
    if chunk:
        yield chunk


def _describes(chunk: Sequence[Any]) -> bool:
    """Whether a statement can say something about tables and columns."""
    words = [t.text.upper() for t in chunk[:8]]
    if words[0] == "CREATE":
        kinds = {"TABLE", "TYPE", "DOMAIN", "UNIQUE"}
        others = {"VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "SEQUENCE", "AS"}
        first = next((w for w in words[1:] if w in kinds | others), "")
        return first in kinds
    table = any(w.startswith("TABLE") for w in words[1:3])
    return (words[0] == "ALTER" and table) or words[0] == "COMMENT"


def _read(reader: Dialect, chunk: list[Any], text: str) -> Statement:
    """One statement: as it stands, else without what says nothing about values."""
    own = text[chunk[0].start : chunk[-1].end + 1]
    failure = ""
    for tokens in (chunk, _plainer(chunk), _bare(_plainer(chunk))):
        for dialect in (reader, Dialect.get_or_raise(None)):
            try:
                trees = dialect.parser().parse(tokens, text)
            except (sqlglot.errors.SqlglotError, RecursionError) as error:
                failure = failure or _first_line(error)
                continue
            tree = trees[0] if trees else None
            if isinstance(tree, exp.Expression) and not isinstance(tree, exp.Command):
                return Statement(tree, own)
    return Statement(None, own, failure or "sqlglot does not read it")


def _plainer(chunk: list[Any]) -> list[Any]:
    """Without words of indexes and storage, and without ASC, WITH (…), ON [PRIMARY] in keys."""
    kept: list[Any] = []
    at = 0
    while at < len(chunk):
        token = chunk[at]
        word, following = (
            token.text.upper(),
            chunk[at + 1].text.upper() if at + 1 < len(chunk) else "",
        )
        if word in _NOISE or (word in ("ASC", "DESC") and following in (",", ")")):
            at += 1
        elif word in _STORED or (word == "USING" and following == "INDEX"):
            at += 2
        elif word == "INDEX" and at + 2 < len(chunk) and chunk[at + 2].text == ".":
            kept.append(token)  # Oracle names the schema of an index
            at += 3
        elif word == "NOT" and following == "FOR":  # NOT FOR REPLICATION
            at += 3
        elif word == "WITH" and following == "(":
            at = _behind(chunk, at + 1)
        elif word == "ON" and following in ("PRIMARY", "TEXTIMAGE_ON"):
            at += 2
        elif word == "CONSTRAINT" and kept and _unnamed(chunk, at):
            at += 2  # the name of a DEFAULT
        else:
            kept.append(token)
            at += 1
    return kept


def _unnamed(chunk: list[Any], at: int) -> bool:
    return at + 2 < len(chunk) and chunk[at + 2].text.upper() in ("DEFAULT", "NOT", "NULL")


def _behind(chunk: list[Any], at: int) -> int:
    """The place behind the bracket that opens here."""
    depth = 0
    for place in range(at, len(chunk)):
        kind = chunk[place].token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if depth == 0:
            return place + 1
    return len(chunk)


def _bare(chunk: list[Any]) -> list[Any]:
    """A CREATE TABLE without what stands behind its columns."""
    for at, token in enumerate(chunk):
        if token.token_type is TokenType.L_PAREN:
            return chunk[: _behind(chunk, at)] if chunk[0].text.upper() == "CREATE" else chunk
    return chunk


def _first_line(error: Exception) -> str:
    """What a parser says, without its colours and its drawing of the place."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return plain.split("\n", 1)[0].rstrip(".")
