"""The files of a company: read by hledger, changed as a whole, by one program at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kontobro.core.errors import Misconfigured, Timeout, said_of, shown

PATIENCE = 60
"""Seconds for hledger to answer, and for another program to finish."""
MOST_BYTES = 512 * 1024 * 1024
"""Of an answer."""


def ask(journal: Path, *words: str, patience: float = PATIENCE) -> bytes:
    """What hledger says of a journal. Balance assertions are the bookkeeper's, and stop nothing here."""
    command = ["hledger", "-f", f"journal:{journal}", "--ignore-assertions", *words]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryFile() as said:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.PIPE}
        try:
            done = subprocess.run(command, **streams, timeout=patience, env=environment, cwd="/")  # noqa: S603
        except FileNotFoundError:
            raise Misconfigured("hledger is not installed.", "Install it: apt-get install hledger") from None
        except subprocess.TimeoutExpired:
            raise Timeout(f"hledger did not read {journal.name} within {patience} s.", "Begin a new journal.") from None
        said.seek(0)
        answer = said.read(MOST_BYTES)
        if done.returncode or said.read(1):
            why = shown(done.stderr.decode("utf-8", "replace"), 300) or "it is too large"
            raise Misconfigured(f"hledger can't read {journal.name}: {why}", "Correct the journal.")
        return answer


@contextmanager
def alone(journal: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Under a lock, which frees itself when we die: another program waits, and then sees what was written. What the
    disk refuses is for a person."""
    try:
        with journal.with_name(f".{journal.name}.lock").open("a") as lock:
            for _ in range(int(patience * 50)):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.02)
            else:
                raise Timeout(f"Another program has been writing for {patience} s.", "Run again when it is done.")
            yield
    except OSError as error:
        raise Misconfigured(said_of(error), "Let Kontobro write to the journal's folder.") from error


def append(journal: Path, header: str, text: str) -> None:
    """Add a text to a journal. Nothing that hledger can't read is ever put there."""
    before = journal.read_bytes()

    def check(new: Path) -> None:
        shutil.copymode(journal, new)
        ask(new, "print")
        if journal.read_bytes() != before:
            raise Timeout(f"{journal.name} was changed while Kontobro was writing to it.", "Run again.")

    put(journal, (before or header.encode()) + text.encode(), check)


def put(file: Path, content: bytes, check: Callable[[Path], None] = lambda new: None) -> None:
    """A whole file in place of the old one, or nothing: of a program that dies only a hidden one is left."""
    new = file.with_name(f".{file.name}.new")
    with new.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    check(new)
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
