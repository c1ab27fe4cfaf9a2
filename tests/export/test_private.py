"""Files that name people are their owner's alone, from the first byte on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from kontobro.export.personal.private import private_file
from kontobro.export.tieout.sheets import csv_file, xlsx_file

WAYS: list[Callable[[Path], AbstractContextManager[Any]]] = [
    private_file,
    lambda path: csv_file(path, ("name",)),
    xlsx_file,
]


@pytest.fixture(autouse=True)
def _open_handed() -> Iterator[None]:
    """A machine where new files are everyone's to read."""
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


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as readers:
        read = readers.submit(pipe.read_bytes)
        with csv_file(pipe, ("name",)) as rows:
            rows.add(("Anna",))
    assert read.result().endswith(b"Anna\r\n")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_that_does_not_exist_is_named_with_the_file_that_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "people"
    with pytest.raises(FileNotFoundError) as fault, private_file(target):
        pass
    assert fault.value.filename == str(target)


def test_a_link_that_somebody_left_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("people", "people.part"):
        (tmp_path / name).symlink_to(victim)
    with private_file(tmp_path / "people") as file:
        file.write(b"names")
    assert victim.read_text() == "mine"
    assert (tmp_path / "people").read_bytes() == b"names"
