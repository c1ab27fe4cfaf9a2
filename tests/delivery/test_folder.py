"""What only a folder of this machine has: links, rights, a full disk."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kontobro.core.errors import Conflict, Misconfigured, NotAllowed, Unreachable
from kontobro.delivery.folder import _rename_if_free
from kontobro.delivery.opening import open_delivery
from tests.delivery.places import WAYS, Place, a_file, folder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "in").mkdir()
    with folder(tmp_path / "in") as made:
        yield made


def test_links_are_not_followed(place: Place, tmp_path: Path) -> None:
    root = tmp_path / "in"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.csv").write_bytes(b"secret")
    (root / "a.csv").symlink_to(outside / "a.csv")
    (root / "new.csv").symlink_to(outside / "made.csv")
    (root / "0001").symlink_to(outside)
    delivery = place.delivery()
    for name in ("a.csv", "new.csv", "0001/a.csv", "0001/b.csv"):
        with pytest.raises(Conflict, match="link"):
            delivery.deliver([a_file(name)])
        with pytest.raises(Conflict, match="link"):
            list(delivery.read(name))
        with pytest.raises(Conflict, match="link"):
            delivery.withdraw(name, a_file(name).sha256)
    assert list(delivery.names()) == []
    assert [path.name for path in outside.iterdir()] == ["a.csv"]
    assert (outside / "a.csv").read_bytes() == b"secret"


def test_a_link_under_the_hidden_name_is_replaced_not_followed(place: Place, tmp_path: Path) -> None:
    file = a_file("a.csv")
    (tmp_path / "in" / f".a.csv.{file.sha256[:12]}.tmp").symlink_to(tmp_path / "elsewhere")
    place.delivery().deliver([file])
    assert not (tmp_path / "elsewhere").exists()
    assert place.files() == {"a.csv": b"1,2\r\n"}


def test_pipes_and_folders_in_place_of_a_file_are_told(place: Place, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in" / "a.csv")
    (tmp_path / "in" / "b.csv").mkdir()
    for name in ("a.csv", "b.csv"):
        with pytest.raises(Conflict):
            place.delivery().deliver([a_file(name)])


def test_the_folder_itself_may_be_a_link(place: Place, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tmp_path / "in")
    place.delivery(deliver_to=str(tmp_path / "way")).deliver([a_file("a.csv")])
    assert place.files() == {"a.csv": b"1,2\r\n"}


def test_a_missing_folder_may_come_back(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="does not exist"):
        place.delivery(deliver_to=str(tmp_path / "drive")).deliver([a_file("a.csv")])


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder that may be read and not written, and a user to whom that means something."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(user)


def test_a_folder_that_may_not_be_written_is_told() -> None:
    with unprivileged() as root, folder(root) as place:
        with pytest.raises(NotAllowed, match="may not write"):
            place.delivery().deliver([a_file("a.csv")])
        with pytest.raises(NotAllowed):
            place.delivery().check()
        assert place.files() == {}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may be longer: the system then refuses as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_behind(place: Place) -> None:
    file = a_file("a.csv", b"x" * 10_000)
    with room_for(5_000), pytest.raises(Unreachable, match="no space left"):
        place.delivery().deliver([file])
    assert place.files() == {}
    place.delivery().deliver([file])
    assert len(place.files()["a.csv"]) == 10_000


def test_without_hard_links_a_rename_does_not_overwrite(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    opened = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _rename_if_free(opened, "old", "new")
        (tmp_path / "old").write_bytes(b"older")
        with pytest.raises(FileExistsError):
            _rename_if_free(opened, "old", "new")
    finally:
        os.close(opened)
    assert (tmp_path / "new").read_bytes() == b"old"


def test_a_file_larger_than_announced_is_not_delivered(place: Place) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(Conflict, match="not what was sealed"):
        place.delivery().deliver([replace(a_file("a.csv"), content=endless)])
    assert place.files() == {}


@pytest.mark.parametrize("path", ["in", "./in", "file:///srv", "~/in"])
def test_only_full_paths(path: str) -> None:
    with pytest.raises(Misconfigured, match="full path"):
        open_delivery({"deliver_to": path}, lambda name: None, WAYS)
