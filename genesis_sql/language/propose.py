"""A language model proposes what fills the columns of a schema: once, checked, kept.

The answer is a spec. It is parsed, checked against the schema and the allow-list of expressions,
rebuilt as plain columns and kept under the hash of the question, so that the same question is
asked once and rows cost nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from genesis_sql.errors import GenesisError, LanguageError
from genesis_sql.language.client import Answer, ask
from genesis_sql.language.config import ModelConfig
from genesis_sql.language.rebuild import Fits, read_answer, rebuild
from genesis_sql.language.wording import SYSTEM, again, question
from genesis_sql.store import executions, proposals
from genesis_sql.store.names import Con
from genesis_sql.store.proposals import Proposed
from genesis_sql.types import RawSchema

KIND = "propose"
"""Of the execution in the history."""
ATTEMPTS = 2
"""Answers that are read at most; the second question says what was wrong with the first."""


@dataclass(frozen=True)
class Wish:
    """What a language model shall propose.

    Attributes:
        schema: the tables.
        fill: columns as 'table.column': not keys, and not those that the caller has given.
        prompt: what the data are about, or a text by table.
        texts: how many different texts a column of free text shall have, by 'table.column'.
        words: the meanings that have a provider.
        fits: raises a GenesisError where proposed columns do not fit into the schema.
    """

    schema: RawSchema
    fill: Collection[str]
    prompt: str | Mapping[str, str] | None = None
    texts: Mapping[str, int] = field(default_factory=dict)
    words: Collection[str] = ()
    fits: Fits = dict

    @property
    def message(self) -> str:
        """The question as it is sent."""
        return question(self.schema, self.fill, self.prompt, texts=self.texts, words=self.words)

    def digest(self, config: ModelConfig) -> str:
        """The hash of all that decides the answer: 32 hex digits."""
        asked = json.dumps([SYSTEM, self.message, config.shown], sort_keys=True, ensure_ascii=False)
        return blake2b(asked.encode(), digest_size=16, person=b"genesis-propose").hexdigest()


def propose(con: Con, database: str, model: str, wish: Wish, config: ModelConfig) -> Proposed:
    """What fills columns, as a language model sees it; from the store where it was asked before.

    Args:
        con: a cursor outside a transaction.
        database: where the proposal and the history are kept.
        model: of ours, for the history.
        wish: what to ask.
        config: whom.

    Raises:
        OptionError, MissingExtraError, LanguageError: see `genesis_sql.language.client.ask`; also
            where the second answer cannot be read either. Every try stands in the history.
    """
    digest = wish.digest(config)
    kept = proposals.find(con, database, digest)
    if kept is not None:
        return kept
    began = time.monotonic()
    said: list[Answer] = []
    try:
        columns, notes = _asked(wish, config, said)
    except GenesisError as error:
        _record(con, database, model, wish, _sum(config, said), began, str(error))
        raise
    found = replace(_sum(config, said), columns=columns, notes=notes)
    proposals.keep(con, database, digest, found)
    _record(con, database, model, wish, found, began)
    return found


def _asked(
    wish: Wish, config: ModelConfig, said: list[Answer]
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    message = wish.message
    while True:
        answer = ask(config, SYSTEM, message)
        said.append(answer)
        try:
            found = read_answer(answer.text)
            return rebuild(wish.schema, found, set(wish.fill), set(wish.words), wish.fits)
        except LanguageError as error:
            why = f"it was cut off after {config.max_tokens:,} tokens" if answer.cut else str(error)
            if len(said) == ATTEMPTS:
                hint = "; raise max_tokens" if answer.cut else ""
                text = (
                    f"the language model '{config.model_name}' gave no answer that can be used: "
                    f"{why}{hint}, or leave out llm and prompt"
                )
                raise LanguageError(text) from error
            message = wish.message + again(why)


def _sum(config: ModelConfig, said: list[Answer]) -> Proposed:
    tokens = sum(a.tokens_in for a in said), sum(a.tokens_out for a in said)
    cost = None
    if config.price is not None:
        cost = sum(n * p for n, p in zip(tokens, config.price, strict=True)) / 1e6
    return Proposed(config.shown, {}, (), *tokens, cost)


def _record(
    con: Con, database: str, model: str, wish: Wish, told: Proposed, began: float, error: str = ""
) -> None:
    """One line of the history: who was asked, what it cost, how it ended."""
    arguments = {
        "language": told.language, "prompt": wish.prompt, "input_tokens": told.tokens_in,
        "output_tokens": told.tokens_out, "cost_usd": told.cost, "columns": len(told.columns),
    }  # fmt: skip
    execution = executions.start(con, database, kind=KIND, model=model, arguments=arguments)
    executions.finish(
        con, database, execution, status="error" if error else "done", error=error or None,
        seconds=time.monotonic() - began,
    )  # fmt: skip
