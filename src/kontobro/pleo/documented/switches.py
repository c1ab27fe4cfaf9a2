"""How an installation was told to talk to Pleo where its documents leave it open: one small file in the data folder.

    [staging]
    update_batch = 10

A table for each environment, a key for each switch of `core/dialect.py`. `kontobro probe --set` writes it; it is read
each time a client is opened, so that a running service heeds it too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kontobro.core.dialect import DIALECTS, Dialect, dialect_of, with_answers
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

MOST_BYTES: Final = 64 * 1024
_HEAD: Final = """# What Pleo's documents leave open, as this installation heeds it: kontobro probe --set writes it.
# A table for each environment of Pleo (production, staging, sandbox). Delete a line to go back to the default.
"""

Answers = Mapping[str, Mapping[str, object]]
"""Environment → switch → answer."""


def spoken(environment: str, file: Path | None) -> Dialect:
    """How to talk to this environment: by its defaults, and by what the file says. Raises Misconfigured."""
    usual = dialect_of(environment)
    if file is None:
        return usual
    return with_answers(usual, read_answers(file).get(environment, {}), _place(file, environment))


def read_answers(file: Path) -> Answers:
    """What the file says; nothing where there is none. Raises Misconfigured."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Misconfigured(*told("switches_closed", name=_named(file), why=type(error).__name__)) from error
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        read: Mapping[str, Any] = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        why = "no UTF-8" if isinstance(error, UnicodeDecodeError) else shown(str(error), 120)
        raise Misconfigured(*told("switches_unreadable", name=_named(file), why=why)) from error
    for environment, answers in read.items():
        known = ", ".join(DIALECTS)
        if environment not in DIALECTS:
            words = told("switches_of_no_pleo", name=_named(file), environment=shown(environment, 40), known=known)
            raise Misconfigured(*words)
        if not isinstance(answers, dict):
            raise Misconfigured(*told("switches_unreadable", name=_named(file), why=f"[{environment}] is no table"))
    return read


def _named(file: Path) -> str:
    """The file with its folder, by which a person tells it from another installation's; no more of the machine."""
    return f"{file.parent.name}/{file.name}"


def _place(file: Path, environment: str) -> str:
    return f"{_named(file)} [{environment}]"


def keep_answers(file: Path, environment: str, answers: Mapping[str, object]) -> None:
    """Add these answers to the file's; written beside it, then renamed. Raises Misconfigured for a wrong one."""
    known = {name: dict(kept) for name, kept in read_answers(file).items()}
    known[environment] = {**known.get(environment, {}), **answers}
    with_answers(dialect_of(environment), known[environment], _place(file, environment))
    beside = file.with_suffix(".new")
    beside.write_text(_HEAD + "".join(_table(name, known[name]) for name in sorted(known)), encoding="utf-8")
    beside.replace(file)


def _table(name: str, answers: Mapping[str, object]) -> str:
    lines = (f"{switch} = {_toml(answers[switch])}\n" for switch in sorted(answers))
    return f"\n[{name}]\n" + "".join(lines)


def _toml(answer: object) -> str:
    """Answers are words without quotes or controls, numbers, and yes or no."""
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return str(answer) if isinstance(answer, int) else f'"{answer}"'
