"""Files that name people are their owner's alone, from the first byte on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from kontobro.export.private import private_file
from kontobro.export.sheets import csv_file, xlsx_file

WAYS: list[Callable[[Path], AbstractContextManager[Any]]] = [
    private_file,
    lambda path: csv_file(path, ("name",)),
    xlsx_file,
]


@pytest.fixture(autouse=True)
def _open_handed() -> Iterator[None]:
    """A machine where new files are everybody's to read."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_else_reads_it_at_any_time(tmp_path: Path, way: Callable[[Path], AbstractContextManager[Any]]) -> None:
    target = tmp_path / "people"
    target.write_text("what everybody could read before")
    with way(target):
        assert sorted(map(mode, tmp_path.iterdir())) == [0o600, 0o666]
    assert [(path.name, mode(path)) for path in tmp_path.iterdir()] == [("people", 0o600)]


def test_what_was_there_stays_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "people"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError):
        write_half(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def write_half(target: Path) -> None:
    with private_file(target) as file:
        file.write(b"half")
        raise ZeroDivisionError


def test_a_link_that_somebody_left_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("people", "people.part"):
        (tmp_path / name).symlink_to(victim)
    with private_file(tmp_path / "people") as file:
        file.write(b"names")
    assert victim.read_text() == "mine"
    assert (tmp_path / "people").read_bytes() == b"names"
