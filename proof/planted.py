"""Faults planted in the product: a proof that can't fail proves nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from proof.simulator.plan import ErpKind, plan_of

HERE = Path(__file__).parent
ROOT = HERE.parent


@dataclass(frozen=True, slots=True)
class Edit:
    """In `file`, below src/kontobro, `old` becomes `new`."""

    file: str
    old: str
    new: str

    def make(self, source: Path) -> None:
        """Raises ValueError where its place is not there, or not the only one."""
        path = source / "kontobro" / self.file
        text, old = path.read_text(encoding="utf-8"), self.old.strip("\n")
        if text.count(old) != 1:
            raise ValueError(f"its place in {self.file} is there {text.count(old)} times: {old}")
        path.write_text(text.replace(old, self.new.strip("\n")), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Planted:
    """More than one edit where a second check would catch what the first lets through. `erp`: where entries are booked
    in the search for it."""

    name: str
    edits: tuple[Edit, ...]
    erp: ErpKind

    def plant(self, source: Path) -> None:
        """Raises ValueError where a place is not there, or not the only one."""
        for edit in self.edits:
            edit.make(source)


def planted(words: Sequence[str] = ()) -> list[Planted]:
    """All of them, or those whose name holds one of the words."""
    listed = tomllib.loads((HERE / "planted.toml").read_text(encoding="utf-8"))["fault"]
    return [_read(one) for one in listed if not words or any(word in one["name"] for word in words)]


def _read(listed: dict[str, Any]) -> Planted:
    first = Edit(listed["file"], listed["old"], listed["new"])
    edits = (first, *(Edit(**more) for more in listed.get("also", ())))
    return Planted(listed["name"], edits, listed.get("erp", "memory"))


def found_in(fault: Planted, within: int) -> tuple[int, str]:
    """How many seeds it took, and what was wrong then; nothing when none of them found it. A seed that is not whole
    without the fault either finds nothing."""
    with tempfile.TemporaryDirectory(prefix="kontobro-planted-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        fault.plant(source)
        start = 0
        while start < within:
            number, words = _first_of(source, fault.erp, start, within - start)
            start += number
            if words and not _first_of(ROOT / "src", fault.erp, start - 1, 1)[1]:
                return start, words
        return within, ""


def _first_of(source: Path, erp: ErpKind, start: int, within: int) -> tuple[int, str]:
    """With the product of this source: how many seeds from that one on until one is not whole, and what is wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "proof.planted", erp, str(start), str(within)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(source), str(ROOT)]), "PYTHONHASHSEED": "0"},
        cwd=source.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    number, _, words = done.stdout.strip().splitlines()[-1].partition(" ")
    return int(number), words


def _first(erp: ErpKind, start: int, within: int) -> Iterator[str]:
    """In a process of its own: seeds until one is not whole."""
    from proof.search import portion

    tried = portion(range(start, start + within), stop=True, plans=partial(plan_of, erp=erp))
    yield str(len(tried.seeds))
    yield from (verdict.wrong[0] for verdict in tried.failing)


if __name__ == "__main__":
    told = _first(cast(ErpKind, sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(" ".join(line.replace("\n", " ") for line in told))
