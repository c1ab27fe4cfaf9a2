"""A company's own function after the rules, under guard (`docs/hooks.md`).

It may change accounts, texts, dates, dimensions, split lines, or refuse the item. It may not change what makes an
entry the same entry, or how much money moves: references, fingerprints, currency, balances and role totals.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from types import TracebackType
from typing import cast

from kontobro.core.errors import Problem, shown
from kontobro.core.model.export import ExportItem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import span_of, within
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import EXPONENTS, exact_sum, fits
from kontobro.core.model.settings import Settings
from kontobro.core.words import Fact, Phrase

log = logging.getLogger(__name__)

Hook = Callable[[ExportItem, tuple[Entry, ...], Settings, Masters], object]
"""Answers the entries (changed or not), a Problem or a list of Problems; checked at run time, so `object` here."""

ARGUMENTS = ("item", "entries", "settings", "masters")

_MONEY_ROLES = ("wallet", "payable", "employee", "transit", "external")


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """Either entries or problems. `trace`: the function's own traceback where it raised, for who wrote it."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    trace: str = ""


@lru_cache(maxsize=64)
def load_hook(name: str) -> Hook:
    """The function behind `package.module:function`. Raises ValueError, ImportError, AttributeError or TypeError."""
    module, _, function = name.partition(":")
    if not module or not function:
        raise ValueError("a hook is written package.module:function")
    hook = getattr(importlib.import_module(module), function)
    if not callable(hook):
        raise TypeError(f"{function} is not a function")
    _require_callable_as_hook(hook)
    return cast("Hook", hook)


def _require_callable_as_hook(function: Callable[..., object]) -> None:
    """Raise TypeError for a function that can't be called as ours calls it: item, entries, settings, masters."""
    if inspect.iscoroutinefunction(function):
        raise TypeError("it is asynchronous (async def): write a plain function")
    try:
        signature = inspect.signature(function)
    except ValueError:
        return  # written in C: it does not tell
    try:
        signature.bind(*ARGUMENTS)
    except TypeError as error:
        raise TypeError(f"it is called with ({', '.join(ARGUMENTS)}): {error}") from None


def hook_problem(name: str) -> Problem | None:
    """Why a hook can't be loaded, or None."""
    try:
        with _prints_aside():
            load_hook(name)
    except Exception as error:  # noqa: BLE001 - importing a company's module runs its code: anything may come
        return problem("hook_missing", "settings.hook", name, error=_said(error))
    return None


def run_hook(
    name: str, item: ExportItem, entries: tuple[Entry, ...], settings: Settings, masters: Masters
) -> HookAnswer:
    """Call the company's function. Whatever goes wrong in it is a problem of this item alone."""
    missing = hook_problem(name)
    if missing:
        return HookAnswer(problems=(missing,))
    try:
        with _prints_aside():
            answer = load_hook(name)(item, entries, settings, masters)
    except Exception as error:  # noqa: BLE001 - foreign code under guard
        trace = _own_trace(error)
        log.debug("%s failed:\n%s", name, trace)  # it may quote the item: for --debug only
        return HookAnswer(problems=(_failed(name, error),), trace=trace)
    if isinstance(answer, Problem):
        return HookAnswer(problems=(answer,))
    if not isinstance(answer, list | tuple) or not answer:
        return _refused(name, Phrase("hook_answer", {"type": type(answer).__name__}))
    if all(isinstance(one, Problem) for one in answer):
        return HookAnswer(problems=tuple(answer))
    try:
        fault = _fault(entries, answer, masters)
    except Exception as error:  # noqa: BLE001 - foreign values: an entry may hold anything
        fault = Phrase("hook_unreadable", {"error": _said(error)})
    return _refused(name, fault) if fault else HookAnswer(entries=tuple(answer))


@contextmanager
def _prints_aside() -> Iterator[None]:
    """What the function prints goes to stderr: stdout holds a command's answer, such as JSON.

    Only in the main thread, where a command line runs: stdout is the whole process's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def _own_trace(error: Exception) -> str:
    """The traceback without our own frame, as Python prints it."""
    return "".join(traceback.format_exception(type(error), error, _below_us(error)))


def _below_us(error: Exception) -> TracebackType | None:
    return error.__traceback__.tb_next if error.__traceback__ else None


def _failed(name: str, error: Exception) -> Problem:
    """With file and line where the function raised, or called what raised."""
    frames, said = traceback.extract_tb(_below_us(error)), _said(error)
    if not frames:
        return problem("hook_failed", "settings.hook", name, error=said)
    file, line = PurePath(frames[0].filename).name, str(frames[0].lineno)
    return problem("hook_failed.at", "settings.hook", name, file=file, line=line, error=said)


def _refused(name: str, fault: Phrase) -> HookAnswer:
    return HookAnswer(problems=(problem("hook_result_wrong", "settings.hook", name, fault=fault),))


def _said(error: Exception) -> str:
    return f"{type(error).__name__} ({shown(error, 120)})" if str(error) else type(error).__name__


def _fault(before: tuple[Entry, ...], after: Sequence[Entry], masters: Masters) -> Phrase | None:
    """What is wrong with the entries of a hook, or None."""
    if len(after) != len(before):
        return Phrase("hook_entries", {"given": len(after), "expected": len(before)})
    for old, new in zip(before, after, strict=True):
        if type(new) is not type(old):
            return Phrase("hook_instead", {"given": type(new).__name__, "expected": type(old).__name__})
        fault = _entry_fault(old, new, masters)
        if fault:
            return Phrase("hook_entry", {"fault": fault, "reference": str(old.reference)})
    return None


def _entry_fault(old: Entry, new: Entry, masters: Masters) -> Phrase | None:
    for name in (
        "reference",
        "fingerprint",
        "currency",
        "reconciliation_id",
        "settles",
        "received",
        "returned",
        "number",
    ):
        if getattr(old, name, None) != getattr(new, name, None):
            return Phrase("hook_changed", {"name": name})
    decimals = EXPONENTS[old.currency]
    for line in new.lines:
        if type(line.amount) is not Decimal or not fits(line.amount, decimals):
            return Phrase("hook_decimals", {"amount": shown(line.amount, 30), "decimals": decimals})
        account = masters.accounts.by_id.get(line.account)
        if account is None or not account.active:
            return Phrase("hook_account", {"account": shown(line.account)})
        if not within(account, new.date):
            given: dict[str, Fact] = {"account": shown(line.account), "span": span_of(account), "day": new.date}
            return Phrase("hook_account_closed", given)
    if new.difference:
        return Phrase("hook_sum")
    changed = [role for role in _MONEY_ROLES if _sum(old, role) != _sum(new, role)]
    return Phrase("hook_total", {"role": changed[0]}) if changed else None


def _sum(entry: Entry, role: str) -> Decimal:
    return exact_sum(line.amount for line in entry.lines if line.role == role)
