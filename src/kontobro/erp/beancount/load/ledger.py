"""A ledger as Beancount's own loader reads it, alone or together with entries that are not in it yet."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core.data import Directive
from beancount.parser import options as beancount_options
from beancount.utils import encryption

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.erp.beancount.syntax.places import place_of, sentence_of
from kontobro.erp.beancount.syntax.render import quoted

ROOTS = ("name_assets", "name_liabilities", "name_equity", "name_income", "name_expenses")
"""The options that rename root accounts. Beancount does not hand them to included files: each file repeats them."""

TRIAL = ".kontobro-check-"
"""How the temporary main files begin. Hidden: no include pattern matches one."""

_INCLUDE = re.compile(r'^include\s+"((?:[^"\\]|\\.)*)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that Beancount finds. `line` in the candidate's file, when the error is there; else None."""

    place: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def load_ledger(ledger: Path) -> tuple[list[Directive], dict[str, Any]]:
    """Directives and options. Raises Misconfigured with file, line and remedy when Beancount finds an error."""
    directives, errors, options = _load(ledger)
    if errors:
        raise unloadable(ledger, _faults(errors, ledger, ledger, None))
    return directives, options


def faults_with(ledger: Path, candidate: Path | None) -> tuple[Fault, ...]:
    """The errors that Beancount would find in the ledger if it included the candidate too; without one, those it has.

    The ledger's main file is copied beside it, hidden, with one more include: all its options and plugins count.
    """
    if candidate is None:
        return _faults(_load(ledger)[1], ledger, ledger, None)
    more = f"\ninclude {quoted(str(candidate))}\n"
    if is_encrypted(ledger):  # never written to the disk in clear
        os.chdir(ledger.parent)
        text = encryption.read_encrypted_file(str(ledger))
        errors = loader.load_string(text + more)[1]
        return _faults(errors, ledger, Path("<string>"), candidate)
    trial = trial_of(ledger, os.getpid())
    try:
        with open(trial, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(ledger.read_bytes() + more.encode())
        return _faults(_load(trial)[1], ledger, trial, candidate)
    finally:
        trial.unlink(missing_ok=True)


def trial_of(ledger: Path, process: int) -> Path:
    """The temporary main file of a process."""
    return ledger.with_name(f"{TRIAL}{process}.beancount")


def unloadable(ledger: Path, faults: Sequence[Fault]) -> Misconfigured:
    """The fault of a ledger that has errors, whoever made them."""
    errors, more = "; ".join(map(str, faults[:3])), len(faults) - 3
    words = (
        told("ledger_has_more_errors", errors=errors, ledger=ledger.name, more=more)
        if more > 0
        else told("ledger_has_errors", errors=errors, ledger=ledger.name)
    )
    return Misconfigured(
        *words,
        job_failure="invalid_configuration",
    )


def roots_of(options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The root accounts that have other names than Beancount's own."""
    usual = beancount_options.OPTIONS_DEFAULTS
    return tuple((name, options[name]) for name in ROOTS if options[name] != usual[name])


def root_options(roots: Iterable[tuple[str, str]]) -> str:
    """The lines that rename root accounts: each file of a ledger repeats them."""
    return "".join(f'option "{name}" "{value}"\n' for name, value in roots)


def patterns_of(files: Iterable[str], ours: Path) -> tuple[str, ...]:
    """The patterns by which these files include others than our batches: a new file may match one tomorrow."""
    found = []
    for file in map(Path, files):
        if not is_encrypted(file):
            names = _INCLUDE.findall(_text_of(file))
            found += [os.path.normpath(file.parent / name) for name in names if glob.has_magic(name)]
    return tuple(dict.fromkeys(pattern for pattern in found if pattern != str(ours / "*.beancount")))


def is_larger(ledger: Path, size: int) -> bool:
    """Whether the files of a ledger have more than so many bytes. Reads no more than that to find out."""
    total = 0
    for file in files_of(ledger):
        total += file.stat().st_size
        if total > size:
            return True
    return False


def files_of(ledger: Path) -> Iterator[Path]:
    """The files of a ledger, links followed. What a file includes is looked up after it was taken."""
    seen, waiting = set[Path](), [ledger]
    while waiting:
        file = waiting.pop().resolve()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        yield file
        if not is_encrypted(file):
            names = _INCLUDE.findall(_text_of(file))
            waiting += [Path(found) for name in names for found in glob.glob(str(file.parent / name), recursive=True)]  # noqa: PTH207


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except FileNotFoundError:  # removed at this moment
        return ""


def is_encrypted(file: Path) -> bool:
    return encryption.is_encrypted_file(str(file))


def _load(ledger: Path) -> tuple[list[Directive], list[object], dict[str, Any]]:
    loader.initialize(use_cache=False)  # its cache misses new files of an include pattern, and litters the folder
    return loader.load_file(ledger)  # type: ignore[return-value]


def _faults(errors: Iterable[object], ledger: Path, main: Path, candidate: Path | None) -> tuple[Fault, ...]:
    return tuple(_fault(error, ledger, main, candidate) for error in errors)


def _fault(error: object, ledger: Path, main: Path, candidate: Path | None) -> Fault:
    source = dict(getattr(error, "source", None) or {})
    file, line = str(source.get("filename") or ""), int(source.get("lineno") or 0)
    message = sentence_of(str(getattr(error, "message", error)).replace(main.name, ledger.name))
    if candidate is not None and file == str(candidate):
        return Fault("this entry", message, line)
    if file in ("", str(main)):
        source["filename"] = str(ledger)
    elif file.startswith("<"):  # a plugin that says no place
        return Fault(f"{ledger.name} ({file.strip('<>')})", message)
    return Fault(place_of(source, ledger.parent), message)
