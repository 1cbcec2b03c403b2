"""The types of other databases -> DuckDB's, with length and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn, Role


@dataclass(frozen=True)
class Kind:
    """What a type says about a column, beside DuckDB's text for it."""

    type: str
    length: int | None = None
    values: tuple[str, ...] = ()
    meaning: str = ""
    identity: bool = False
    generated: bool = False
    reason: str = ""
    checks: tuple[str, ...] = ()

    def column(self, name: str, **facts: Any) -> RawColumn:
        """A column of this type."""
        role = Role.UNSUPPORTED if self.reason else None
        own = {"values": self.values, "length": self.length, "meaning": self.meaning}
        mine = {"identity": self.identity, "generated": self.generated, "reason": self.reason}
        return RawColumn(name, self.type, role=role, **{**own, **mine, **facts})


PLAIN = {
    "INT": "INTEGER", "INT128": "HUGEINT", "MEDIUMINT": "INTEGER", "UINT": "UINTEGER",
    "UMEDIUMINT": "UINTEGER", "UINT128": "UHUGEINT", "FLOAT": "FLOAT", "UDOUBLE": "DOUBLE",
    "MONEY": "DECIMAL(19,4)", "SMALLMONEY": "DECIMAL(10,4)", "BIGDECIMAL": "DECIMAL(38,9)",
    "DATE32": "DATE", "DATETIME": "TIMESTAMP", "DATETIME2": "TIMESTAMP",
    "DATETIME64": "TIMESTAMP", "SMALLDATETIME": "TIMESTAMP", "TIMESTAMPNTZ": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "TIMESTAMPLTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE", "TIME_NS": "TIME", "JSONB": "JSON",
    "VARIANT": "JSON", "OBJECT": "JSON", "SUPER": "JSON", "HSTORE": "JSON", "XML": "VARCHAR",
    "BINARY": "BLOB", "VARBINARY": "BLOB", "TINYBLOB": "BLOB", "MEDIUMBLOB": "BLOB",
    "LONGBLOB": "BLOB", "IMAGE": "BLOB", "SET": "VARCHAR", "NAME": "VARCHAR",
    "DECFLOAT": "DOUBLE", "NULL": "VARCHAR", "UNKNOWN": "VARCHAR", "BIGNUM": "HUGEINT",
    **dict.fromkeys(("SERIAL", "SMALLSERIAL", "BIGSERIAL"), "INTEGER"),
    **dict.fromkeys(("TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT"), "VARCHAR"),
    **{name: name for name in (
        "TINYINT", "SMALLINT", "BIGINT", "UTINYINT", "USMALLINT", "UBIGINT", "DOUBLE", "BOOLEAN",
        "BIT", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
        "INTERVAL", "UUID", "JSON", "BLOB",
    )},
}  # fmt: skip
"""sqlglot's names of types -> DuckDB's."""

_SERIALS = {"SMALLSERIAL": "SMALLINT", "SERIAL": "INTEGER", "BIGSERIAL": "BIGINT"}
_DECIMALS = ("DECIMAL", "UDECIMAL", "DECIMAL32", "DECIMAL64", "DECIMAL128", "DECIMAL256")
_TEXTS = ("CHAR", "NCHAR", "BPCHAR", "VARCHAR", "NVARCHAR", "TEXT", "FIXEDSTRING")
_NETWORK = ("INET", "IPADDRESS", "IPV4", "IPV6")

ALIASES: Mapping[str, Kind] = {
    **dict.fromkeys(("citext", "ltree", "clob", "nclob", "long", "rowid", "urowid", "string", "str",
                     "varchar2", "nvarchar2", "xmltype", "char", "ntext"), Kind("VARCHAR")),
    **dict.fromkeys(("regclass", "oid", "xid"), Kind("BIGINT")),
    **dict.fromkeys(("raw", "long raw", "bfile", "bytea", "bytes"), Kind("BLOB")),
    "sysname": Kind("VARCHAR", 128),
    "macaddr": Kind("VARCHAR", 17, meaning="mac_address"),
    "macaddr8": Kind("VARCHAR", 23),
    "cidr": Kind("VARCHAR", 18),
    "binary_float": Kind("FLOAT"),
    "binary_double": Kind("DOUBLE"),
    "number": Kind("DECIMAL(38,9)"),
    "smallserial": Kind("SMALLINT", identity=True),
    "serial": Kind("INTEGER", identity=True),
    "bigserial": Kind("BIGINT", identity=True),
}  # fmt: skip
"""Names that sqlglot does not know in every dialect."""

STRANGE = (
    "tsvector", "tsquery", "hierarchyid", "sql_variant", "pg_lsn", "box", "circle", "line", "lseg",
    "path", "point", "polygon", "linestring", "geometry", "geography", "geographypoint", "vector",
    "multipolygon", "multilinestring", "multipoint", "geometrycollection", "int4range", "int8range",
    "numrange", "tsrange", "tstzrange", "daterange", "int4multirange", "int8multirange",
    "nummultirange", "tsmultirange", "tstzmultirange", "datemultirange", "ring", "ipprefix",
    "hllsketch", "tdigest", "cube", "sdo_geometry", "halfvec", "sparsevec", "rowversion",
)  # fmt: skip
"""Types that exist, and that no value is made of here."""

_MOST_DIGITS = 38  # that DuckDB's DECIMAL holds
_SINGLE = 24  # bits of FLOAT(n) that still fit into four bytes, in SQL's standard


def kind_of(
    tree: exp.DataType,
    *,
    dialect: str = "",
    named: Mapping[str, Kind] | None = None,
    about: str = "a column",
) -> Kind:
    """What a type of a dialect says.

    Args:
        tree: The type as sqlglot read it.
        dialect: Of the script, for words that dialects use differently.
        named: Types that the script makes itself (CREATE TYPE, CREATE DOMAIN), by lower-case name.
        about: Which column, for an error's text.

    Raises:
        SchemaError: Nobody knows the type.

    Example:
        >>> kind_of(exp.DataType.build("NVARCHAR(40)", dialect="tsql")).length
        40
    """
    name = _name(tree)
    sizes = _sizes(tree)
    known = _by_dialect(name, sizes, dialect) or _sized(name, sizes, dialect)
    if known is not None:
        return known
    nested = _nested(tree, name, dialect=dialect, named=named, about=about)
    return nested or word_kind(_word(tree), sizes, dialect=dialect, named=named, about=about)


def _name(tree: exp.DataType) -> str:
    return str(getattr(tree.this, "name", tree.this)).upper()


def _word(tree: exp.DataType) -> str:
    """The name of a type that sqlglot took for a user's own, as written."""
    kind = tree.args.get("kind")
    if kind is None:
        return _name(tree)
    text = kind.name if isinstance(kind, exp.Expression) else str(kind)
    return text.partition("(")[0].strip()


def _sizes(tree: exp.DataType) -> list[str]:
    inner = [e.this if isinstance(e, exp.DataTypeParam) else e for e in tree.expressions]
    return [
        e.name for e in inner if isinstance(e, exp.Literal | exp.Var | exp.Identifier | exp.Column)
    ]


def _by_dialect(name: str, sizes: list[str], dialect: str) -> Kind | None:
    """The words that mean something else in one dialect."""
    match dialect, name:
        case ("mysql" | "doris" | "starrocks", "TINYINT") if sizes == ["1"]:
            return Kind("BOOLEAN")
        case ("mysql", "BIT") if sizes in ([], ["1"]):
            return Kind("BOOLEAN")
        case ("tsql" | "fabric", "BIT"):
            return Kind("BOOLEAN")
        case ("mysql", "TIMESTAMPTZ"):
            return Kind("TIMESTAMP")
        case ("tsql", "ROWVERSION" | "TIMESTAMP"):
            return Kind("BLOB", generated=True)
        case ("tsql", "TINYINT"):
            return Kind("UTINYINT")
        case ("tsql" | "fabric" | "oracle" | "snowflake" | "bigquery", "FLOAT"):
            return Kind("DOUBLE")
        case ("postgres" | "redshift", "FLOAT") if sizes and int(sizes[0]) > _SINGLE:
            return Kind("DOUBLE")
        case ("snowflake", "DECIMAL") if not sizes:
            return Kind("DECIMAL(38,0)")
        case ("bigquery", "DECIMAL") if not sizes:
            return Kind("DECIMAL(38,9)")
    return None


def _sized(name: str, sizes: list[str], dialect: str) -> Kind | None:
    """Numbers, texts and labels."""
    if name in _DECIMALS:
        return Kind(decimal_type(sizes))
    if name in _TEXTS:
        fixed = name in ("CHAR", "NCHAR", "BPCHAR") and dialect not in ("duckdb", "sqlite")
        length = int(sizes[0]) if sizes and sizes[0].isdigit() else None
        return Kind("VARCHAR", length if sizes else 1 if fixed and name != "BPCHAR" else None)
    if name in ("ENUM", "ENUM8", "ENUM16"):
        return enum_kind(sizes)
    if name in _SERIALS:
        return Kind(_SERIALS[name], identity=True)
    if name == "SET":
        return Kind("VARCHAR", values=tuple(dict.fromkeys(sizes)))
    if name == "YEAR":
        return Kind("SMALLINT", meaning="year")
    if name == "TINYTEXT":
        return Kind("VARCHAR", 255)
    if name in _NETWORK:
        return Kind("VARCHAR", meaning="ip_address")
    return Kind(PLAIN[name]) if name in PLAIN else None


def decimal_type(sizes: list[str]) -> str:
    """DuckDB's DECIMAL of a precision and a scale; 18 and 3 where none are given, as in DuckDB."""
    digits = [int(s) for s in sizes if s.lstrip("-").isdigit()]
    if not digits:
        return "DECIMAL(18,3)"
    precision = max(1, min(digits[0], _MOST_DIGITS))
    scale = digits[1] if len(digits) > 1 else 0
    return f"DECIMAL({precision},{max(0, min(scale, precision))})"


def enum_kind(labels: list[str]) -> Kind:
    """An ENUM of labels; each once, as DuckDB wants it."""
    values = tuple(dict.fromkeys(labels))
    if not values:
        return Kind("VARCHAR")
    inner = ", ".join(string(v) for v in values)
    return Kind(f"ENUM({inner})", values=values)


def _nested(
    tree: exp.DataType, name: str, *, dialect: str, named: Mapping[str, Kind] | None, about: str
) -> Kind | None:
    """Lists, structs and maps."""

    def inner(part: Any) -> str:
        kind = part.args.get("kind") if isinstance(part, exp.ColumnDef) else part
        if not isinstance(kind, exp.DataType):
            return "VARCHAR"
        return kind_of(kind, dialect=dialect, named=named, about=about).type

    parts = tree.expressions
    if name in ("ARRAY", "LIST"):
        return Kind(f"{inner(parts[0])}[]" if parts else "VARCHAR[]")
    if name == "STRUCT" and parts:
        if not all(isinstance(p, exp.ColumnDef) for p in parts):
            return Kind("JSON")
        fields = ", ".join(f"{quoted(p.name)} {inner(p)}" for p in parts)
        return Kind(f"STRUCT({fields})")
    if name == "MAP" and len(parts) == 2:
        return Kind(f"MAP({inner(parts[0])}, {inner(parts[1])})")
    return Kind("JSON") if name in ("STRUCT", "MAP") else None


def word_kind(
    word: str,
    sizes: list[str],
    *,
    dialect: str = "",
    named: Mapping[str, Kind] | None = None,
    about: str = "a column",
) -> Kind:
    """A type by its bare name: the script's own, another spelling, or one without values.

    Raises:
        SchemaError: Nobody knows it.
    """
    plain = word.casefold().strip('"')
    own = named or {}
    found = own.get(plain) or own.get(plain.rpartition(".")[2]) or ALIASES.get(plain)
    if found is not None:
        length = int(sizes[0]) if sizes and sizes[0].isdigit() else found.length
        return replace(found, length=length) if found.type == "VARCHAR" else found
    if plain in STRANGE:
        return Kind("VARCHAR", reason=f"no values are made of the type {plain}")
    if dialect == "sqlite" and (kind := _affinity(plain)):
        return kind
    known = [*(w.lower() for w in PLAIN), *(w.lower() for w in _TEXTS), *ALIASES, *own, "integer"]
    message = f"{about}: nobody knows the type '{word}'{nearest(word, known)}"
    raise SchemaError(message)


def _affinity(word: str) -> Kind | None:
    """SQLite's rule for a type of any name (sqlite.org/datatype3.html, 3.1)."""
    rules = {
        "BIGINT": ("int",),
        "VARCHAR": ("char", "clob", "text"),
        "BLOB": ("blob",),
        "DOUBLE": ("real", "floa", "doub"),
    }
    for type_, parts in rules.items():
        if any(part in word for part in parts):
            return Kind(type_)
    return None
