"""Which language model is asked, and how; its key never enters a text that is stored or shown."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from genesis_sql.errors import OptionError, nearest

OPENAI, ANTHROPIC, COMPATIBLE = "openai", "anthropic", "compatible"
PROVIDERS = (OPENAI, ANTHROPIC, COMPATIBLE)
"""'compatible' is any other endpoint that speaks OpenAI's protocol; it needs a base_url."""
KEYS = {OPENAI: "OPENAI_API_KEY", COMPATIBLE: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}
"""The environment variable of a key that is not given."""
_NO_STRUCT = "llm is no struct; write llm := {'provider': 'openai', 'model_name': '…'}"
NO_KEY = "none"
"""What is sent as a key to a compatible endpoint that wants none."""


@dataclass(frozen=True)
class ProxyConfig:
    """A gateway between us and the provider.

    Attributes:
        base_url: where requests go, instead of the provider.
        headers: sent with each; they may hold secrets and are never stored.
        params: query parameters of each request, never stored either.
        path_format: the path behind base_url, such as '/proxy/{provider}/completions'; without it
            the protocol's own.
    """

    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    path_format: str | None = None


@dataclass(frozen=True)
class ModelConfig:
    """A language model and how it is asked.

    Attributes:
        provider: one of PROVIDERS.
        model_name: as the provider calls it.
        temperature, top_p, seed: passed on where given; not every model takes them.
        max_tokens: of an answer.
        proxy: a gateway, or the address of a compatible endpoint.
        api_key: without it the environment's OPENAI_API_KEY or ANTHROPIC_API_KEY.
        timeout: seconds that the endpoint may be silent, and that a request may take in all.
        retries: of a request that failed on the way, or met a limit of the provider.
        price: US dollars for a million tokens (read, written), for the cost in the history.
    """

    provider: str = OPENAI
    model_name: str = ""
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int = 8_000
    proxy: ProxyConfig | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    retries: int = 2
    price: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            message = (
                f"there is no provider '{self.provider}' of language models"
                f"{nearest(self.provider, PROVIDERS)}; known are {', '.join(PROVIDERS)}"
            )
            raise OptionError(message)
        if not isinstance(self.model_name, str) or not self.model_name:
            message = "a language model needs its name: {'model_name': '…'}"
            raise OptionError(message)
        if self.provider == COMPATIBLE and not (self.proxy and self.proxy.base_url):
            message = (
                "the provider 'compatible' needs the address of its endpoint: {'base_url': '…'}"
            )
            raise OptionError(message)
        _check_numbers(self)
        _check_price(self.price)
        _check_texts(self)
        _check_address(self.proxy)

    @property
    def has_key(self) -> bool:
        """Whether there is a key, or none is needed."""
        given = self.api_key or os.environ.get(KEYS[self.provider])
        return bool(given) or self.provider == COMPATIBLE

    @property
    def key(self) -> str:
        """The key that is sent.

        Raises:
            OptionError: there is none; all else works without.
        """
        found = self.api_key or os.environ.get(KEYS[self.provider])
        if found:
            return found
        if self.provider == COMPATIBLE:
            return NO_KEY
        message = (
            f"there is no key for the language model '{self.model_name}'; set "
            f"{KEYS[self.provider]} in the environment, or leave out llm and prompt: the schema "
            "is filled without one"
        )
        raise OptionError(message)

    @property
    def shown(self) -> dict[str, Any]:
        """What decides an answer, without secrets and addresses: for the cache and the history."""
        names = ("provider", "model_name", "temperature", "top_p", "seed", "max_tokens")
        return {n: getattr(self, n) for n in names if getattr(self, n) is not None}


def _check_numbers(config: ModelConfig) -> None:
    for name, least, most in (
        ("temperature", 0, 2), ("top_p", 0, 1), ("max_tokens", 1, 1_000_000),
        ("timeout", 0.001, 3_600), ("retries", 0, 10),
    ):  # fmt: skip
        value = getattr(config, name)
        whole = name in ("max_tokens", "retries")
        number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if value is None and name in ("temperature", "top_p"):
            continue
        if not number or not math.isfinite(value) or not least <= value <= most:
            message = (
                f"{name} of the language model is {value!r}; it is a "
                f"{'whole ' if whole else ''}number from {least} to {most:,}"
            )
            raise OptionError(message)


def _check_price(price: object) -> None:
    """Two numbers, as far as there are any."""
    if price is None:
        return
    numbers = isinstance(price, tuple) and len(price) == 2
    if not numbers or not all(isinstance(p, int | float) and 0 <= p < 1e9 for p in price):  # type: ignore[attr-defined]
        message = f"price of the language model is {price!r}; it is [dollars in, dollars out]"
        raise OptionError(message)


def _check_texts(config: ModelConfig) -> None:
    """What goes into a request's head: plain letters, for HTTP has no others."""
    heads: dict[str, object] = {"api_key": config.api_key or ""}
    if config.proxy is not None:
        for name in ("headers", "params"):
            held = getattr(config.proxy, name)
            if not isinstance(held, Mapping):
                message = f"{name} of the language model are no struct of texts"
                raise OptionError(message)
            heads |= {f"{name}.{key}": value for key, value in held.items()}
    for name, value in heads.items():
        if not isinstance(value, str) or not (value.isascii() or name.startswith("params")):
            message = f"{name} of the language model is no text of plain (ASCII) letters"
            raise OptionError(message)


def _check_address(proxy: ProxyConfig | None) -> None:
    if proxy is None or proxy.base_url is None:
        return
    parts = urlsplit(proxy.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = "base_url of the language model is no address; it begins with http:// or https://"
        raise OptionError(message)
    if proxy.path_format is not None:
        try:
            proxy.path_format.format(provider="x")
        except (KeyError, IndexError, ValueError) as error:
            message = (
                f"path_format '{proxy.path_format}' may hold {{provider}} and nothing else in "
                "braces"
            )
            raise OptionError(message) from error


def read_config(given: ModelConfig | Mapping[str, Any] | None) -> ModelConfig | None:
    """The configuration that SQL gives as a struct, or Python as an object.

    `base_url`, `headers`, `params` and `path_format` may stand beside the rest.

    Raises:
        OptionError: an unknown word, or a value that makes no sense.

    Example:
        >>> read_config({"provider": "anthropic", "model_name": "m"}).provider
        'anthropic'
    """
    if given is None or isinstance(given, ModelConfig):
        return given
    if isinstance(given, str):
        given = _of_json(given)
    if not isinstance(given, Mapping):  # its text may hold a key, so it is not shown
        raise OptionError(_NO_STRUCT)
    proxied = {f.name for f in fields(ProxyConfig)}
    known = {f.name for f in fields(ModelConfig)}
    for name in given:
        if name not in proxied | known:
            message = f"llm has no '{name}'{nearest(name, proxied | known)}"
            raise OptionError(message)
    held = {k: v for k, v in given.items() if v is not None}
    proxy = held.pop("proxy", None)
    if isinstance(proxy, Mapping):
        for name in proxy:
            if name not in proxied:
                message = f"proxy of llm has no '{name}'{nearest(name, proxied)}"
                raise OptionError(message)
        proxy = ProxyConfig(**proxy)
    if not isinstance(proxy, ProxyConfig | None):
        message = "proxy of llm is no struct; write {'base_url': '…', 'headers': {…}}"
        raise OptionError(message)
    beside = {k: held.pop(k) for k in proxied & held.keys()}
    if beside:
        proxy = replace(proxy or ProxyConfig(), **beside)
    if isinstance(held.get("price"), list):
        held["price"] = tuple(held["price"])
    return ModelConfig(**held, proxy=proxy)


def _of_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise OptionError(_NO_STRUCT) from error
