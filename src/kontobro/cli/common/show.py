"""What a person sees: tables, money and dates in the reader's locale, messages; and JSON for programs."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from kontobro.export.job.run import Progress

from kontobro.cli.common.words import pgettext

Shape = Mapping[str, object] | Sequence[object]

PHASES = ("waiting", "booking", "writing documents", "reading the accounting system", "preview", "Killing exporters")
"""Of long work, as its progress names them: they are in the catalogue, context "phase"."""

WIDE = 200
"""Columns of a table that no terminal limits (a pipe, a file): no id is cut there."""


def emit(shape: Shape) -> None:
    """Print JSON on stdout: Decimals and dates as strings."""
    typer.echo(json.dumps(shape, indent=2, ensure_ascii=not _takes_all(), default=str))


def emit_line(shape: Shape) -> None:
    """Print JSON on one line of stdout, at once: for a program that reads as we run."""
    typer.echo(json.dumps(shape, ensure_ascii=not _takes_all(), default=str))
    sys.stdout.flush()


def _takes_all() -> bool:
    """Whether stdout's encoding has every character: JSON escapes them otherwise, and loses none."""
    return (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf8sig")


def console(*, errors: bool = False) -> Console:
    """A console on stdout, or on stderr with `errors`."""
    from rich.console import Console

    stream: IO[str] = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)


def plain(text: str) -> str:
    """A text without what could steer the terminal: names and reasons come from outside."""
    return "".join(c if c == "\n" or unicodedata.category(c) != "Cc" else " " for c in text)


def say(text: str, style: str | None = None) -> None:
    console().print(plain(text), style=style, soft_wrap=True)


def tell(text: str, style: str | None = None) -> None:
    """A word to the person, on stderr: stdout stays what was asked for."""
    console(errors=True).print(plain(text), style=style, soft_wrap=True)


def say_fault(message: str, remedy: str, command: str = "") -> None:
    tell(f"✗ {message}", "bold red")
    if remedy:
        tell(f"  {remedy}")
    if command:
        tell(f"  → {command}")


def locale() -> str:
    """The reader's locale from the environment; European English where it names none that is known."""
    from babel import Locale, default_locale
    from babel.core import UnknownLocaleError

    try:
        found = str(Locale.parse(default_locale(["LC_ALL", "LC_MONETARY", "LC_NUMERIC", "LANG"]) or "en_US_POSIX"))
    except (ValueError, UnknownLocaleError):
        return "en_150"
    return "en_150" if found == "en_US_POSIX" else found


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency's code, in the reader's locale: 1.234,50 DKK."""
    return f"{figure(amount)} {currency}"


def figure(amount: Decimal) -> str:
    """A number with all its decimals, in the reader's locale."""
    from babel.numbers import format_decimal

    places = max(0, -int(amount.as_tuple().exponent)) if amount.is_finite() else 0
    return str(format_decimal(amount, format="#,##0." + "0" * places if places else "#,##0", locale=locale()))


def amount_of(text: str, currency: str) -> str:
    """An amount that the store keeps as text; what is not a number is shown as it is."""
    if not text:
        return ""
    number = Decimal(text) if text.replace(".", "", 1).lstrip("-").isdigit() else None
    return money(number, currency) if number is not None else text


def day(date: dt.date) -> str:
    from babel.dates import format_date

    return str(format_date(date, format="medium", locale=locale()))


def moment(time: dt.datetime | None) -> str:
    """A time in the reader's own zone and locale."""
    from babel.dates import format_datetime

    return str(format_datetime(time.astimezone(), format="short", locale=locale())) if time else ""


def span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


@contextmanager
def progress(*, quietly: bool) -> Iterator[Progress]:
    """A progress bar on stderr; none when stderr is no terminal or `quietly` is asked for."""
    if quietly or not sys.stderr.isatty():
        yield _silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    phases: dict[str, TaskID] = {}
    with Bars(*columns, console=console(errors=True), transient=True) as bars:

        def advance(phase: str, done: int, total: int) -> None:
            """One line per phase of the work."""
            if phase not in phases:
                phases[phase] = bars.add_task(pgettext("phase", phase), total=total)
            bars.update(phases[phase], completed=done, total=max(total, done))

        yield advance


def _silent(phase: str, done: int, total: int) -> None:
    """No bar."""
