"""What all commands share: how errors end them, and the options that several of them have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, Any, NoReturn, TypeVar

import click
import duckdb

from genesis_sql import interrupt
from genesis_sql.cli.words import spoken
from genesis_sql.errors import GenesisError, InterruptedFitError

CANCELLED = 130
"""The exit code of a command that Ctrl-C ended."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Failure(click.ClickException):
    """One sentence on the error stream, exit code 1; JSON where JSON was asked for."""

    def __init__(self, message: str, kind: str, *, as_json: bool) -> None:
        super().__init__(message)
        self.kind, self.as_json = kind, as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        text = {"error": self.kind, "message": self.message}
        shown = json.dumps(text, ensure_ascii=False) if self.as_json else f"Error: {self.message}"
        click.echo(shown, file=file, err=file is None)


class Command(click.Command):
    """A command whose errors are sentences and whose end by Ctrl-C is one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        with interrupt.lasting():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, InterruptedFitError, duckdb.InterruptException):
            self._cancelled(ctx)
        except (GenesisError, duckdb.Error, RuntimeError) as error:
            if interrupt.pressed():
                self._cancelled(ctx)
            if not isinstance(error, GenesisError | duckdb.Error):
                raise
            text = str(error).strip()
            if isinstance(error, duckdb.Error):
                text = text.split("\n", 1)[0]
            text = spoken(text, str(ctx.params.get("file", "FILE")))
            as_json = bool(ctx.params.get("as_json"))
            raise Failure(text, type(error).__name__, as_json=as_json) from error

    def _cancelled(self, ctx: click.Context) -> NoReturn:
        kept = ctx.params.get("engine") == "spark"
        left = "what is complete stays, the same call goes on" if kept else "nothing was changed"
        click.echo(f"Cancelled by Ctrl-C; {left}.", err=True)
        raise click.exceptions.Exit(CANCELLED) from None


def json_option(function: _Function) -> _Function:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(
        function
    )


def file_argument(function: _Function) -> _Function:
    """FILE."""
    return click.argument("file", type=click.Path())(function)


def version_option(function: _Function) -> _Function:
    """--version."""
    return click.option("--version", type=int, help="A version other than the active one.")(
        function
    )


def seed_option(function: _Function) -> _Function:
    """--seed."""
    return click.option("--seed", type=int, default=0, show_default=True, help="Of the draws.")(
        function
    )
