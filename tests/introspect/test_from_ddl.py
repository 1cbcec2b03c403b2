"""CREATE TABLE scripts of many dialects, good and bad."""

from __future__ import annotations

import pytest

from genesis_sql.errors import OptionError, SchemaError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.statements import guesses
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, Role

POSTGRES = """
-- pg_dump says such things
SET search_path = public;
CREATE TYPE public.mood AS ENUM ('calm', 'wild');
CREATE DOMAIN mail AS VARCHAR(80) CHECK (VALUE LIKE '%@%');
CREATE TABLE public.people (
    id bigint NOT NULL,
    mail mail,
    mood public.mood DEFAULT 'calm'::public.mood NOT NULL,
    state text,
    born date, -- the day of birth
    made timestamp with time zone DEFAULT now(),
    where_from inet,
    words tsvector,
    twice numeric(8,2) GENERATED ALWAYS AS (half * 2) STORED,
    half numeric(8,2),
    tags character varying(9)[],
    CONSTRAINT known CHECK (((state)::text = ANY ((ARRAY['on'::character varying, 'off'::character varying])::text[])))
);
ALTER TABLE ONLY public.people ALTER COLUMN id SET DEFAULT nextval('public.people_id_seq'::regclass);
ALTER TABLE ONLY public.people ADD CONSTRAINT people_pk PRIMARY KEY (id);
COPY public.people (id, mail) FROM stdin;
1\tit's; a (trap
\\.
INSERT INTO public.people VALUES (1);
CREATE UNIQUE INDEX one_mail ON public.people USING btree (mail);
CREATE UNIQUE INDEX low_mail ON public.people (lower(mail));
COMMENT ON TABLE public.people IS 'who there is';
COMMENT ON COLUMN public.people.state IS 'it''s on or off';
"""


def _columns(schema: RawSchema, table: str = "") -> dict[str, RawColumn]:
    found = next(t for t in schema.tables if table in ("", t.name))
    return {c.name: c for c in found.columns}


@pytest.fixture(scope="module")
def dumped() -> RawSchema:
    return read_ddl(POSTGRES)


def test_a_dump_of_postgres_tells_keys_and_comments(dumped: RawSchema) -> None:
    (people,) = dumped.tables
    assert (people.schema, people.primary_key, people.unique_keys) == (
        "public",
        ("id",),
        (("mail",),),
    )
    assert people.comment == "who there is"
    assert people.checks == ("\"mail\" LIKE '%@%'", "(state IN ('on', 'off'))")
    columns = _columns(dumped)
    assert columns["state"].values == ("on", "off")
    assert (columns["state"].comment, columns["born"].comment) == (
        "it's on or off",
        "the day of birth",
    )
    assert any("low_mail" in note for note in dumped.notes)


def test_a_dump_of_postgres_tells_types_and_defaults(dumped: RawSchema) -> None:
    columns = _columns(dumped)
    assert {n: c.type for n, c in columns.items()} == {
        "id": "BIGINT", "mail": "VARCHAR", "mood": "ENUM('calm', 'wild')", "state": "VARCHAR",
        "born": "DATE", "made": "TIMESTAMP WITH TIME ZONE", "where_from": "VARCHAR",
        "words": "VARCHAR", "twice": "DECIMAL(8,2)", "half": "DECIMAL(8,2)", "tags": "VARCHAR[]",
    }  # fmt: skip
    assert (columns["id"].identity, columns["id"].nullable) == (True, False)
    assert columns["mail"].length == 80
    assert (columns["mood"].values, columns["mood"].nullable) == (("calm", "wild"), False)
    assert columns["where_from"].meaning == "ip_address"
    assert columns["words"].role is Role.UNSUPPORTED
    assert (columns["twice"].generated, columns["twice"].default) == (True, "half * 2")
    assert columns["made"].default == "CURRENT_TIMESTAMP"


def test_mysql() -> None:
    schema = read_ddl("""
    CREATE TABLE `shops` (`id` int unsigned NOT NULL AUTO_INCREMENT, PRIMARY KEY (`id`)) ENGINE=InnoDB;
    /*!40000 ALTER TABLE `shops` DISABLE KEYS */;
    CREATE TABLE `sales` (
      `no` int NOT NULL AUTO_INCREMENT COMMENT 'running; number',
      `shop` int unsigned DEFAULT NULL,
      `kind` enum('cash','card') NOT NULL DEFAULT 'cash',
      `open` tinyint(1) NOT NULL, `year` year, `at` timestamp NULL,
      PRIMARY KEY (`no`), UNIQUE KEY `u` (`shop`,`year`), KEY `k` (`kind`),
      CONSTRAINT `f` FOREIGN KEY (`shop`) REFERENCES `shops` (`id`) ON DELETE CASCADE,
      CONSTRAINT `c` CHECK (`year` > 2000)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='what was sold';
    """)
    sales = schema.tables[1]
    assert (sales.primary_key, sales.unique_keys) == (("no",), (("shop", "year"),))
    assert sales.foreign_keys == (RawForeignKey(("shop",), "shops", ("id",)),)
    assert (sales.comment, sales.checks) == ("what was sold", ('"year" > 2000',))
    columns = _columns(schema, "sales")
    assert columns["no"].comment == "running; number"
    assert columns["no"].identity
    assert [columns[n].type for n in ("shop", "open", "year", "at")] == [
        "UINTEGER", "BOOLEAN", "SMALLINT", "TIMESTAMP",
    ]  # fmt: skip
    assert columns["kind"].values == ("cash", "card")


def test_sql_server() -> None:
    schema = read_ddl("""
    CREATE TABLE [dbo].[T] ([Id] INT IDENTITY(1,1) NOT NULL, [N] NVARCHAR(MAX) NULL,
      [D] datetime2(7) NOT NULL CONSTRAINT [df] DEFAULT (getdate()), [M] money, [On] bit NOT NULL,
      [G] uniqueidentifier ROWGUIDCOL, [F] AS ([M] * 2) PERSISTED, [Fl] float,
      CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC) WITH (PAD_INDEX = OFF) ON [PRIMARY]) ON [PRIMARY]
    GO
    CREATE TABLE dbo.X (a int)
    GO
    ALTER TABLE [dbo].[X]  WITH CHECK ADD  CONSTRAINT [FK] FOREIGN KEY([a]) REFERENCES [dbo].[T] ([Id])
    GO
    """)
    assert schema.tables[1].foreign_keys == (RawForeignKey(("a",), "T", ("Id",)),)
    assert schema.tables[0].primary_key == ("Id",)
    columns = _columns(schema, "T")
    assert [columns[n].type for n in ("Id", "N", "D", "M", "On", "G", "Fl")] == [
        "INTEGER", "VARCHAR", "TIMESTAMP", "DECIMAL(19,4)", "BOOLEAN", "UUID", "DOUBLE",
    ]  # fmt: skip
    assert (columns["N"].length, columns["Id"].identity, columns["F"].generated) == (
        None,
        True,
        True,
    )


def test_compile_snowflake_and_bigquery() -> None:
    oracle = read_ddl("""CREATE TABLE t (id NUMBER(10) GENERATED BY DEFAULT ON NULL AS IDENTITY,
      n VARCHAR2(20 CHAR) NOT NULL, c CLOB, CONSTRAINT pk PRIMARY KEY (id) USING INDEX,
      CONSTRAINT ck CHECK (n IN ('a','b')) ENABLE) TABLESPACE users""")
    columns = _columns(oracle)
    assert (columns["id"].type, columns["id"].identity) == ("DECIMAL(10,0)", True)
    assert (columns["n"].length, columns["n"].values) == (20, ("a", "b"))
    snowflake = read_ddl("""CREATE OR REPLACE TABLE db.sc.t (id NUMBER(38,0) NOT NULL AUTOINCREMENT,
      v VARIANT COMMENT 'anything', ts TIMESTAMP_NTZ(9), PRIMARY KEY (id)) COMMENT='tab'""")
    assert (snowflake.tables[0].schema, snowflake.tables[0].comment) == ("sc", "tab")
    assert [(c.type, c.comment) for c in snowflake.tables[0].columns] == [
        ("DECIMAL(38,0)", None), ("JSON", "anything"), ("TIMESTAMP", None),
    ]  # fmt: skip
    bigquery = read_ddl("""CREATE TABLE `p.d.t` (id INT64 NOT NULL OPTIONS(description='the id'),
      s STRUCT<a INT64, b STRING>, arr ARRAY<STRING>, n NUMERIC,
      PRIMARY KEY (id) NOT ENFORCED) OPTIONS(description='tab')""")
    assert bigquery.tables[0].comment == "tab"
    assert [c.type for c in bigquery.tables[0].columns] == [
        "BIGINT", 'STRUCT("a" BIGINT, "b" VARCHAR)', "VARCHAR[]", "DECIMAL(38,9)",
    ]  # fmt: skip
    assert _columns(bigquery)["id"].comment == "the id"


def test_sqlite_takes_any_name_that_its_rules_know() -> None:
    text = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y NVARSTRCHAR(3), z BIGISHINT)"
    assert [c.type for c in read_ddl(text, dialect="sqlite").tables[0].columns] == [
        "INTEGER", "VARCHAR", "VARCHAR", "BIGINT",
    ]  # fmt: skip


def test_duckdb_keeps_the_lengths_that_duckdb_forgets() -> None:
    text = 'CREATE TABLE t (a VARCHAR(20), "b c" char(3), d VARCHAR, e STRUCT(f INT)[])'
    assert [(c.type, c.length) for c in read_ddl(text, dialect="duckdb").tables[0].columns] == [
        ("VARCHAR", 20), ("VARCHAR", 3), ("VARCHAR", None), ('STRUCT("f" INTEGER)[]', None),
    ]  # fmt: skip


def test_what_exports_say_of_storage_is_passed_over() -> None:
    oracle = read_ddl("""CREATE TABLE "HR"."E" ("ID" NUMBER(6,0), "N" VARCHAR2(25 BYTE) CONSTRAINT "NN" NOT NULL ENABLE,
      "BOSS" NUMBER(6,0), CONSTRAINT "PK" PRIMARY KEY ("ID") USING INDEX PCTFREE 10 INITRANS 2 TABLESPACE "U" ENABLE,
      CONSTRAINT "F" FOREIGN KEY ("BOSS") REFERENCES "HR"."E" ("ID") ENABLE) SEGMENT CREATION IMMEDIATE PCTFREE 10;
      CREATE UNIQUE INDEX "HR"."X" ON "HR"."E" ("N") TABLESPACE "U"; COMMENT ON COLUMN "HR"."E"."N" IS 'name';""")
    (table,) = oracle.tables
    assert (table.schema, table.primary_key, table.unique_keys) == ("HR", ("ID",), (("N",),))
    assert table.foreign_keys == (RawForeignKey(("BOSS",), "E", ("ID",)),)
    assert [(c.nullable, c.comment) for c in table.columns[:2]] == [(False, None), (False, "name")]
    snowflake = read_ddl("""create or replace TABLE D.P.T (ID NUMBER(38,0) NOT NULL autoincrement start 1 increment 1 noorder,
      A ARRAY, G GEOGRAPHY, primary key (ID)) cluster by (ID)""")
    assert [c.type for c in snowflake.tables[0].columns] == [
        "DECIMAL(38,0)",
        "VARCHAR[]",
        "VARCHAR",
    ]
    assert snowflake.tables[0].columns[0].identity
    sqlite = read_ddl("CREATE TABLE [A] ([a] INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT) STRICT;")
    assert sqlite.tables[0].columns[0].identity


def test_rows_are_passed_over_whatever_stands_in_them() -> None:
    text = (
        "CREATE TABLE t (a INT); -- it's one\n"
        "INSERT INTO t VALUES (1, 'x; CREATE TABLE u (a INT);', \"y;\");\n"
        "INSERT INTO t VALUES ('it''s;');\nUPDATE t SET a = 'b';\n"
        "CREATE TABLE v (b INT);\ninsert into v\nvalues (3);\nCREATE TABLE w (c INT)"
    )
    assert [t.name for t in read_ddl(text).tables] == ["t", "v", "w"]
    quoted = "CREATE TABLE t (a INT); INSERT INTO t VALUES ('it\\'s; (');\nCREATE TABLE v (b INT);"
    assert [t.name for t in read_ddl(quoted, dialect="mysql").tables] == ["t", "v"]


def test_keys_of_every_shape() -> None:
    schema = read_ddl("""
    CREATE TABLE a.hub (x INT, y INT, boss INT REFERENCES hub (solo), solo INT UNIQUE, PRIMARY KEY (x, y));
    CREATE TABLE b.spoke (n INT PRIMARY KEY, x INT, y INT, next INT REFERENCES b.rim,
                          FOREIGN KEY (x, y) REFERENCES a.hub);
    CREATE TABLE b.rim (n INT PRIMARY KEY, spoke INT REFERENCES spoke (n));
    """)
    assert [t.name for t in schema.tables] == ["a.hub", "b.spoke", "b.rim"]
    assert [k for t in schema.tables for k in t.foreign_keys] == [
        RawForeignKey(("boss",), "a.hub", ("solo",)),
        RawForeignKey(("next",), "b.rim", ("n",)),
        RawForeignKey(("x", "y"), "a.hub", ("x", "y")),
        RawForeignKey(("spoke",), "b.spoke", ("n",)),
    ]


def test_a_column_that_is_referred_to_becomes_a_key() -> None:
    schema = read_ddl("CREATE TABLE p (c INT); CREATE TABLE k (c INT REFERENCES p (c))")
    assert schema.tables[0].primary_key == ("c",)
    assert not schema.tables[0].columns[0].nullable


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("CREATE TABLE t (a NVARCHAR(4), b DATETIME2, [c] INT)", "tsql"),
        ("CREATE TABLE t (a SERIAL, b JSONB)", "postgres"),
        ("CREATE TABLE t (`a` INT AUTO_INCREMENT) ENGINE=InnoDB", "mysql"),
        ("CREATE TABLE t (a VARCHAR2(4), b NUMBER(4))", "oracle"),
        ("CREATE TABLE t (a INT64, b STRING)", "bigquery"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)", "sqlite"),
        ("CREATE TABLE t (a HUGEINT, b STRUCT(x INT))", "duckdb"),
    ],
)
def test_the_dialect_is_guessed(text: str, dialect: str) -> None:
    assert guesses(text)[0] == dialect


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("", None, "the script makes no tables"),
        ("SELECT 1", None, "the script makes no tables"),
        (
            "CREATE TABLE t (a INT, b vachar(3))",
            None,
            "table 't', column 'b': nobody knows the type 'vachar'; did you mean 'varchar'",
        ),
        ("CREATE TABLE t (a intger)", "mysql", "nobody knows the type 'intger'; did you mean 'int"),
        (
            "CREATE TABLE customers (id INT PRIMARY KEY); CREATE TABLE o (c INT REFERENCES custmers)",
            None,
            r"foreign key o\(c\) refers to the table 'custmers', which is not there; did you mean 'customers'",
        ),
        (
            "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE o (c INT REFERENCES p (ids))",
            None,
            r"the foreign key o\(c\) -> p names no column 'ids'; did you mean 'id'",
        ),
        (
            "CREATE TABLE p (id INT); CREATE TABLE o (c INT REFERENCES p)",
            None,
            "'p' has no primary key: name the columns it refers to",
        ),
        ("CREATE TABLE t (a INT, A TEXT)", None, "has the column 'A' twice"),
        ("CREATE TABLE t (a INT); CREATE TABLE t (a INT)", None, "makes the table 't' twice"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (b))", None, "its primary key names no column 'b'"),
        ("CREATE TABLE t (a INT", "mysql", "cannot be read as mysql: Expecting"),
        ("CREATE TABLE t (a TEXT DEFAULT 'open)", "mysql", "the script is no mysql SQL"),
        ("CREATE TABLE t (a INT); COMMENT ON COLUMN t.b IS 'x'", None, "names no column 't.b'"),
        ("CREATE TABLE t (a INT); ALTER TABLE u ADD PRIMARY KEY (a)", None, "names the table 'u'"),
    ],
)
def test_what_is_wrong_is_named(text: str, dialect: str | None, expected: str) -> None:
    with pytest.raises(SchemaError, match=expected) as raised:
        read_ddl(text, dialect=dialect)
    assert "\n" not in str(raised.value)


def test_an_unknown_dialect_names_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean 'postgresql'"):
        read_ddl("CREATE TABLE t (a INT)", dialect="postgresq")


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("a > nobody(3)", "nobody does not exist"),
        ("a IN (SELECT 1)", "subqueries"),
        ("read_text('/etc/passwd') = ''", "table function"),
        ("a > 0 AND no_such_column > 1", "no_such_column"),
        ("a BETWIXT 1 AND 2", ""),
    ],
)
def test_a_check_that_does_not_translate_becomes_a_note(check: str, reason: str) -> None:
    text = f"CREATE TABLE t (a INT); ALTER TABLE t ADD CONSTRAINT c CHECK ({check})"
    schema = read_ddl(text, dialect="duckdb")
    assert schema.tables[0].checks == ()
    assert len(schema.notes) == 1
    assert reason in schema.notes[0]


def test_names_that_would_break_out_stay_names() -> None:
    evil = 'x"); DROP TABLE victim; --'
    inner = evil.replace('"', '""')
    schema = read_ddl(f'CREATE TABLE "{inner}" ("{inner}" INT CHECK ("{inner}" > 0))')
    assert schema.tables[0].name == evil
    assert schema.tables[0].checks == (f'"{inner}" > 0',)
