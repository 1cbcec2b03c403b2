"""One question to a language model through its maker's own client library.

The libraries (openai: Apache-2.0, anthropic: MIT) retry what fails on the way, with growing pauses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from genesis_sql import interrupt
from genesis_sql.errors import LanguageError, MissingExtraError
from genesis_sql.language.config import ANTHROPIC, COMPATIBLE, ModelConfig

MOST_TEXT = 2_000_000
"""Characters of an answer that is read."""
PAUSE = 8.0
"""Seconds that the libraries wait before they ask once more."""
GRACE = 1.0
"""Seconds more than a request may take, in which the libraries tell of silence themselves."""
LOOK = 0.1
"""Seconds between two looks at Ctrl-C."""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a model said.

    Attributes:
        text: of the answer.
        cut: whether it ended for want of tokens.
        tokens_in, tokens_out: as the provider counts them; 0 where it does not say.
    """

    text: str
    cut: bool = False
    tokens_in: int = 0
    tokens_out: int = 0


def ask(config: ModelConfig, system: str, message: str) -> Answer:
    """The answer to one message.

    Raises:
        OptionError: there is no key.
        MissingExtraError: the client library is not installed.
        LanguageError: the endpoint cannot be reached, refuses, is silent for too long, or does
            not keep the protocol. The text holds neither key nor address.
    """
    speak = _anthropic if config.provider == ANTHROPIC else _openai
    return speak(config, system, message)


def _openai(config: ModelConfig, system: str, message: str) -> Answer:
    try:
        import openai
    except ImportError as error:
        raise MissingExtraError(_missing("openai")) from error
    client = openai.OpenAI(**_settings(config))
    most = "max_tokens" if config.provider == COMPATIBLE else "max_completion_tokens"
    body = {
        "model": config.model_name,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": message},
        ],
        most: config.max_tokens,
        **_given(config, "temperature", "top_p", "seed"),
    }
    try:
        with client:
            path = _path(config, "/chat/completions")
            said: Any = _within(config, lambda: client.post(path, cast_to=object, body=body))
    except openai.OpenAIError as error:
        raise LanguageError(_failed(config, error)) from error
    choice = _first(said, "choices")
    content = _of(_of(choice, "message"), "content")
    usage = _of(said, "usage")
    return _answer(
        config, content, _of(choice, "finish_reason") == "length",
        (_of(usage, "prompt_tokens"), _of(usage, "completion_tokens")),
    )  # fmt: skip


def _anthropic(config: ModelConfig, system: str, message: str) -> Answer:
    try:
        import anthropic
    except ImportError as error:
        raise MissingExtraError(_missing("anthropic")) from error
    client = anthropic.Anthropic(**_settings(config))
    body = {
        "model": config.model_name,
        "system": system,
        "messages": [{"role": "user", "content": message}],
        "max_tokens": config.max_tokens,
        **_given(config, "temperature", "top_p"),
    }
    try:
        with client:
            path = _path(config, "/v1/messages")
            said: Any = _within(config, lambda: client.post(path, cast_to=object, body=body))
    except anthropic.AnthropicError as error:
        raise LanguageError(_failed(config, error)) from error
    parts = _of(said, "content")
    texts = [_of(p, "text") for p in parts if _of(p, "type") == "text"] if _list(parts) else []
    whole = "".join(texts) if texts and all(isinstance(t, str) for t in texts) else None
    usage = _of(said, "usage")
    return _answer(
        config, whole, _of(said, "stop_reason") == "max_tokens",
        (_of(usage, "input_tokens"), _of(usage, "output_tokens")),
    )  # fmt: skip


def _within(config: ModelConfig, request: Callable[[], T]) -> T:
    """Wait for a request as long as it and its repetitions may take in all.

    The libraries limit silence alone: one who sends a byte now and then would be heard for ever.

    Raises:
        LanguageError: it takes longer; what still comes is dropped.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(request())
        except BaseException as error:
            future.set_exception(error)

    whole = config.timeout * (config.retries + 1) + PAUSE * config.retries + GRACE
    until = time.monotonic() + whole
    threading.Thread(target=run, daemon=True, name="genesis-language").start()
    while time.monotonic() < until:
        if wait([future], min(LOOK, max(until - time.monotonic(), 0.0))).done:
            return future.result()
        interrupt.check()
    message = (
        f"the endpoint of the language model '{config.model_name}' did not finish its answer "
        f"within {whole:g} seconds; raise 'timeout' or ask for less"
    )
    raise LanguageError(message)


def _settings(config: ModelConfig) -> dict[str, Any]:
    proxy = config.proxy
    held: dict[str, Any] = {
        "api_key": config.key, "timeout": config.timeout, "max_retries": config.retries,
    }  # fmt: skip
    if proxy is not None:
        held |= {"default_headers": dict(proxy.headers), "default_query": dict(proxy.params)}
        if proxy.base_url is not None:
            held["base_url"] = proxy.base_url
    return held


def _path(config: ModelConfig, usual: str) -> str:
    proxy = config.proxy
    if proxy is None or proxy.path_format is None:
        return usual
    path = proxy.path_format.format(provider=config.provider)
    return path if proxy.base_url is None else f"{proxy.base_url.rstrip('/')}/{path.lstrip('/')}"


def _given(config: ModelConfig, *names: str) -> dict[str, Any]:
    return {n: getattr(config, n) for n in names if getattr(config, n) is not None}


def _list(value: object) -> bool:
    return isinstance(value, list)


def _of(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _first(value: object, name: str) -> Any:
    held = _of(value, name)
    return held[0] if isinstance(held, list) and held else None


def _answer(config: ModelConfig, text: Any, cut: bool, tokens: tuple[Any, Any]) -> Answer:  # noqa: FBT001 - private
    if not isinstance(text, str):
        message = (
            f"the language model '{config.model_name}' did not answer in the protocol of "
            f"'{config.provider}'; check provider and base_url"
        )
        raise LanguageError(message)
    counted = [t if isinstance(t, int) and t >= 0 else 0 for t in tokens]
    return Answer(text[:MOST_TEXT], cut, counted[0], counted[1])


def _failed(config: ModelConfig, error: Exception) -> str:
    """One sentence without what the endpoint said: it may repeat keys and headers."""
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    if status in (401, 403):
        why = f"refused the key (status {status})"
    elif status == 404:
        why = "does not know this model or path (status 404); check model_name and base_url"
    elif status is not None:
        why = f"answered with status {status}"
    elif "Timeout" in name:
        why = f"was silent for {config.timeout:g} seconds; raise 'timeout' or ask for less"
    elif "Connection" in name:
        why = "cannot be reached; check base_url and the network"
    else:
        why = f"could not be asked ({name})"
    return f"the endpoint of the language model '{config.model_name}' {why}"


def _missing(library: str) -> str:
    return (
        f"asking a language model needs the library {library}: pip install 'genesis-sql[llm]' "
        "(everything else works without)"
    )
