"""What the library's messages say in SQL, in the words of the command line."""

from __future__ import annotations

import re

_TEXT = r"'((?:[^']|'')*)'"
_HERE = "\0"

_REFERENCE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"CALL genesis_load_reference\(\)"), f"genesis reference load {_HERE}"),
    (re.compile(r"CALL genesis_make_directory\(\)"), f"genesis reference make-directory {_HERE}"),
    (
        re.compile(rf"CALL genesis_load_(directory|codes)\({_TEXT}(?:, (?:path := {_TEXT}|…))?\)"),
        rf"genesis reference load-\1 {_HERE} \2 \3",
    ),
)

_STATEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r", or is TEMP, .*?(?=; did you mean|; there are|$)", re.DOTALL), ""),
    (re.compile(r"FROM genesis_(models|history)\(\)"), rf"genesis \1 {_HERE}"),
    (re.compile(r"FROM genesis_(profiles|cohorts)\(\)"), rf"genesis \1 list {_HERE}"),
    (
        re.compile(r"FROM genesis_profile_spec\(execution := (\d+)\)"),
        rf"genesis profiles show {_HERE} --execution \1",
    ),
    (
        re.compile(rf"CALL genesis_delete_cohort\({_TEXT}, keep_tables := true\)"),
        rf"genesis cohorts delete {_HERE} '\1' --keep-tables",
    ),
    (
        re.compile(rf"CALL genesis_delete_cohort\({_TEXT}\)"),
        rf"genesis cohorts delete {_HERE} '\1'",
    ),
    (
        re.compile(rf"CALL genesis_rename_cohort\({_TEXT}, {_TEXT}\)"),
        rf"genesis cohorts rename {_HERE} '\1' '\2'",
    ),
    (
        re.compile(rf"CALL genesis_generate_database\({_TEXT}, target := {_TEXT}\)"),
        rf"genesis generate {_HERE} '\1' --target '\2'",
    ),
    (
        re.compile(rf"CALL genesis_run\({_TEXT}, cohort := {_TEXT}\)"),
        rf"genesis run {_HERE} '\1' --cohort '\2'",
    ),
    (re.compile(r"FROM genesis_methods\(\)"), "genesis methods"),
    (re.compile(r"FROM genesis_check\([^()]*\)"), f"genesis check {_HERE}"),
    (
        re.compile(rf"FROM genesis_(quality|privacy)\({_TEXT}\)"),
        rf"genesis \1 {_HERE} '\2'",
    ),
    (re.compile(r"FROM genesis_compare\('real', 'synthetic'\)"), "genesis compare REAL SYNTHETIC"),
    (
        re.compile(rf"CALL genesis_activate\({_TEXT}, version := (\d+)\)"),
        rf"genesis activate {_HERE} '\1' --version \2",
    ),
    (re.compile(rf"CALL genesis_(drop|export)\({_TEXT}\)"), rf"genesis \1 {_HERE} '\2'"),
    (
        re.compile(rf"genesis_generate\({_TEXT}, {_TEXT}\)"),
        rf"genesis generate {_HERE} '\1' '\2'",
    ),
    *_REFERENCE,
    (re.compile(r"\bgenesis_([a-z]+)(_database)?\b"), r"genesis \1"),
    (re.compile(r"\bfirst_row\b"), "first-row"),
    (re.compile(r"\bif_exists\b"), "if-exists"),
    (re.compile(r"\boptions := "), "--option "),
    (re.compile(r"\b([a-z]+(?:-[a-z]+)?) := "), r"--\1 "),
)
_LIST = re.compile(r"\b(relationships|verbatim|tables) := \[(.*?)\]")
_OWN = re.compile(r"\boptions := \{'([^']+)': \{'(\w+)': (\{[^{}]*\})\}\}")
_OPTIONS = {"relationships": "--relationship", "verbatim": "--verbatim", "tables": "--table"}


def spoken(message: str, file: str) -> str:
    """A message whose advice can be typed in a shell.

    Example:
        >>> spoken("no model 'a'; FROM genesis_models() lists them all", "shop.duckdb")
        "no model 'a'; genesis models shop.duckdb lists them all"
        >>> spoken("verbatim := ['a', 'b']", "shop.duckdb")
        "--verbatim 'a' --verbatim 'b'"
    """
    message = _OWN.sub(_json, _LIST.sub(_repeated, message))
    for pattern, text in _STATEMENTS:
        message = pattern.sub(text, message)
    return message.replace(_HERE, file)


def _json(found: re.Match[str]) -> str:
    return f"--option '{found[1]}.{found[2]}={found[3].replace(chr(39), chr(34))}'"


def _repeated(found: re.Match[str]) -> str:
    texts = re.findall(r"'(?:[^']|'')*'", found[2])
    return " ".join(f"{_OPTIONS[found[1]]} {text}" for text in texts) or found[0]
