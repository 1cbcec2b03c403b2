"""Secrets never reach the store; what is none stays."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.store.executions import redact
from genesis_sql.store.redact import MASK, redact_text, redacted_json

SECRET = "hunter2XYZ"


@pytest.mark.parametrize(
    "text",
    [
        "postgres://me:{}@host:5432/db",
        "postgresql://me:p/w@{}@host/db",
        "https://{}@github.com/a/b.git",
        "https://h.org/data.csv?a=1&key={}",
        "https://h.org/data.csv?access_token={}&b=2",
        "s3://bucket/x.parquet?X-Amz-Credential=a%2Fb&X-Amz-Signature={}",
        "https://acc.blob.core.windows.net/c/x.csv?sv=2024&sig={}",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}==;EndpointSuffix=x",
        "host=h user=u password={} dbname=d",
        "host = h password = {}",
        "password='my {} word' host=h",
        "Driver={{x}};UID=u;PWD={};Server=s",
        "ATTACH 'dbname=d password={}' AS pg (TYPE postgres)",
        "ATTACH 'enc.db' AS e (ENCRYPTION_KEY '{}')",
        "CREATE SECRET s (TYPE s3, KEY_ID 'AKIDEXAMPLE', SECRET '{}')",
        "create or replace persistent secret (type s3, key_id '{}', region 'eu')",
        "CREATE SECRET h (TYPE http, EXTRA_HTTP_HEADERS MAP {{'X-Foo': 'a)b {}'}})",
        "CREATE SECRET h (TYPE http, HEADERS MAP(['X-Foo'], ['{}']), SCOPE 'x')",
        "CREATE SECRET s (TYPE s3, SECRET '{}",
        "SET s3_secret_access_key='{}'; SELECT 1",
        "SET s3_session_token = $${}$$",
        "(SELECT * FROM postgres_scan('host=h password={}', 'public', 't'))",
        "(SELECT * FROM query('SELECT * FROM f(password := ''a {}'')'))",
        "SELECT * FROM f(api_key := '{}')",
        "SELECT * FROM f(api_key => '{}')",
        "Authorization: Bearer {}",
        "authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature={}",
        "curl -H 'Cookie: a=b; session={}'",
        "failed with header Bearer abcdefghijkl{}",
        '{{"user": "u", "password": "{}"}}',
        '"{{\\"token\\": \\"a {} b\\"}}"',
        "{{'client_secret': '{}'}}",
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        "md:db?motherduck_token=eyJhbGciOi.{}",
        "export DB_PASSWORD={}",
        "secret_key_id: {}",
    ],
)
def test_a_secret_in_text_is_masked(text: str) -> None:
    masked = redact_text(text.format(SECRET))
    assert SECRET not in masked
    assert MASK in masked
    assert redact_text(masked) == masked


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"a": [{"b": {"apiKey": SECRET}}]},
        {"headers": {"X-Whatever": SECRET}},
        {"headers": [["X-Whatever", SECRET]]},
        {"aws_access_key_id": SECRET},
        {"Authorization": f"Basic {SECRET}"},
        {"auth_token": [SECRET]},
        {"options": {"clientSecret": SECRET, "seed": 1}},
        {f"https://u:{SECRET}@h/x": 1},
        {"passphrase": 12345678901},
        {"x": (f"pwd={SECRET}",), "y": {f"token={SECRET}"}},
    ],
)
def test_a_secret_in_arguments_is_masked(value: object) -> None:
    text = redacted_json(value)
    assert SECRET not in text
    assert "12345678901" not in text
    assert MASK in text


@pytest.mark.parametrize(
    "value",
    [
        {
            "seed": 7,
            "options": {"first": ["sex"], "max_tokens": 5, "flag": True},
            "keys": "declare",
        },
        {
            "conditions": {"users": {"state": "CA", "primary_key": "id"}},
            "epsilon": 0.5,
            "device": None,
        },
        {"relationships": ["orders(user_token) -> users(token)"], "tables": ["tokens", "secrets"]},
        {"source": "(SELECT a.x FROM a JOIN b ON a.token = b.token WHERE a.password IS NULL)"},
        {"source": "(SELECT token::VARCHAR, secretary = 'Bob', token_count = 5 FROM tokens)"},
        {"source": "(SELECT * FROM 'https://h.org/a.csv?year=2020' WHERE mail = 'a@b.org')"},
        {
            "source": "s3://bucket/key=1/month=2/*.parquet",
            "token": "",
            "sql": "password = ''",
            "path": "C:\\data\\x.csv",
        },
        "basic customers and bearer bonds",
    ],
)
def test_what_is_no_secret_stays(value: object) -> None:
    assert redact(value) == value


@settings(max_examples=25, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_everything_becomes_json(value: object) -> None:
    json.loads(redacted_json(value), parse_constant=pytest.fail)


def test_unknown_objects_become_text() -> None:
    assert redact({"at": ValueError("password=x"), "n": float("nan")}) == {
        "at": f"password={MASK}",
        "n": "nan",
    }


@pytest.mark.parametrize(
    "piece", ["a.token = ", "://a:", "password", "'", "create secret (", '\\"', "$"]
)
def test_long_texts_take_no_time(piece: str) -> None:
    started = time.perf_counter()
    redact_text(piece * (50_000 // len(piece)))
    assert time.perf_counter() - started < 2
