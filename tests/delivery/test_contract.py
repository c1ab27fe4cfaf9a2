"""What every delivery that can be read back holds, on a folder, a real SFTP server, a real WebDAV server and an S3."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import (
    Conflict,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    Timeout,
    Unreachable,
)
from kontobro.delivery.filed import FiledDelivery, put_beside
from kontobro.delivery.opening import open_delivery
from kontobro.net.addresses import NetworkPolicy, PrivateAddress
from tests.delivery.places import PLACES, WAYS, Place, a_file

CSV = b"1,2\r\n"


class Killed(BaseException):
    """As a kill: nothing of ours runs after it."""


@pytest.fixture(params=list(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with PLACES[request.param](tmp_path) as made:
        yield made


@pytest.fixture(params=[name for name in PLACES if name != "folder"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with PLACES[request.param](tmp_path) as made:
        yield made


def test_a_document_arrives_whole_under_its_names_and_is_read_back(place: Place) -> None:
    delivery = place.delivery()
    large = bytes(range(256)) * 20_000  # of several pieces, 5 MB
    files = [a_file("0001 March.csv", large), a_file("0001/receipt 1.pdf", b"%PDF"), a_file("0001.manifest.json")]
    delivery.deliver(files)
    assert place.files() == {"0001 March.csv": large, "0001/receipt 1.pdf": b"%PDF", "0001.manifest.json": CSV}
    assert b"".join(delivery.read("0001 March.csv")) == large
    assert max(map(len, delivery.read("0001 March.csv"))) <= 4 * 1024 * 1024
    assert sorted(delivery.names()) == ["0001 March.csv", "0001.manifest.json", "0001/receipt 1.pdf"]
    assert delivery.readable


def test_an_empty_file_is_a_file(place: Place) -> None:
    place.delivery().deliver([a_file("empty.csv", b"")])
    assert place.files() == {"empty.csv": b""}
    assert list(place.delivery().read("empty.csv")) == []


def test_delivering_again_changes_nothing(place: Place) -> None:
    place.delivery().deliver([a_file("a.csv")])
    place.break_it("forbidden") if place.extra else None
    place.delivery().deliver([a_file("a.csv")])
    assert place.files() == {"a.csv": CSV}


def test_another_file_of_that_name_is_never_overwritten(place: Place) -> None:
    for other in (b"3,4\r\n", b"1,2\r\n5,6\r\n", b""):
        place.plant("a.csv", other)
        with pytest.raises(Conflict, match=r"another file named a\.csv"):
            place.delivery().deliver([a_file("a.csv")])
        assert place.files() == {"a.csv": other}


def test_a_file_that_appears_while_ours_is_written_is_not_overwritten(place: Place) -> None:
    def content() -> Iterator[bytes]:
        place.plant("a.csv", b"theirs")
        yield CSV

    with pytest.raises(Conflict):
        place.delivery().deliver([replace(a_file("a.csv"), content=content)])
    assert place.files() == {"a.csv": b"theirs"}


def test_killed_while_writing_there_is_nothing_under_the_name(place: Place) -> None:
    def content() -> Iterator[bytes]:
        yield CSV[:2]
        raise Killed

    with pytest.raises(Killed):
        place.delivery().deliver([replace(a_file("a.csv"), content=content)])
    assert "a.csv" not in place.files()
    assert list(place.delivery().names()) == []
    place.delivery().deliver([a_file("a.csv")])
    assert place.files() == {"a.csv": CSV}


class KilledBeforeRename:
    def __init__(self, store: Any) -> None:
        self.store = store

    def rename(self, old: str, new: str) -> None:
        raise Killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@pytest.mark.parametrize("place", [name for name in PLACES if name != "s3"], indirect=True)  # S3 has no between
def test_killed_between_write_and_rename_the_next_run_delivers(place: Place) -> None:
    with pytest.raises(Killed), place.delivery().open() as store:
        put_beside(KilledBeforeRename(store), a_file("a.csv"))
    assert [name.startswith(".a.csv.") for name in place.files()] == [True]
    assert list(place.delivery().names()) == []
    place.delivery().deliver([a_file("a.csv")])
    assert place.files() == {"a.csv": CSV}


def test_what_is_not_what_was_sealed_is_not_delivered(place: Place) -> None:
    for wrong in (b"9,9\r\n", b"1,2", b"1,2\r\n1"):
        with pytest.raises((Conflict, Unreachable)):
            place.delivery().deliver([replace(a_file("a.csv"), content=lambda wrong=wrong: [wrong])])
        assert place.files() == {}


def test_a_missing_file_is_told(place: Place) -> None:
    with pytest.raises(FileNotFoundError):
        list(place.delivery().read("none.csv"))


def test_only_what_was_delivered_is_withdrawn(place: Place) -> None:
    file = a_file("0001/a.csv")
    delivery = place.delivery()
    assert not delivery.withdraw(file.name, file.sha256)
    delivery.deliver([file])
    with pytest.raises(Conflict):
        delivery.withdraw(file.name, hashlib.sha256(b"other").hexdigest())
    assert place.files() == {"0001/a.csv": CSV}
    assert delivery.withdraw(file.name, file.sha256)
    assert not delivery.withdraw(file.name, file.sha256)
    assert place.files() == {}


BAD_NAMES = """../a.csv /etc/a.csv x/../a.csv a/b/c.csv .hidden x/.hidden a\\b x/ ä a. ~/.ssh/x .. .""".split()
BAD_NAMES += ["", "a\n.csv", "a ", "a\0", "a" * 121]


def test_names_that_lead_elsewhere_are_refused(place: Place) -> None:
    delivery = place.delivery()
    calls: list[Callable[[str], object]] = [
        lambda name: delivery.deliver([a_file("good.csv"), a_file(name)]),
        lambda name: list(delivery.read(name)),
        lambda name: delivery.withdraw(name, "0"),
    ]
    for name, call in product(BAD_NAMES, calls):
        with pytest.raises(Misconfigured, match="can't be the name"):
            call(name)
    assert place.files() == {}


def test_check_writes_and_leaves_nothing(place: Place) -> None:
    line = place.delivery().check()
    assert place.files() == {}
    assert (place.secret or "no secret") not in line
    assert "in tray" in line or str(place.root) == line
    assert (place.secret or "no secret") not in repr(place.delivery())


def test_taking_back_takes_what_a_kill_left_too(place: Place) -> None:
    file = a_file("0001/a.csv")
    place.plant(f"0001/.a.csv.{file.sha256[:12]}.tmp", b"1,")
    assert not place.delivery().withdraw(file.name, file.sha256)
    assert place.files() == {}


def test_hidden_files_and_names_that_can_not_be_ours_are_not_listed(place: Place) -> None:
    for name in ("a.csv", "b.csv", "c.csv", "0001/d.pdf", ".a.csv.0.tmp", "0001/.e.tmp", "prüfung.csv", "a&b.csv"):
        place.plant(name, b"x")
    delivery = place.delivery()
    assert sorted(delivery.names()) == ["0001/d.pdf", "a.csv", "b.csv", "c.csv"]
    assert [b"".join(delivery.read(name)) for name in delivery.names()] == [b"x"] * 4


def test_no_space_left_is_tried_again_later(server: Place) -> None:
    server.break_it("full")
    with pytest.raises(Unreachable, match=r"no space left|refused to store"):
        server.delivery().deliver([a_file("a.csv")])
    assert "a.csv" not in server.files()


def test_a_missing_right_is_told(server: Place) -> None:
    server.break_it("forbidden")
    with pytest.raises(NotAllowed):
        server.delivery().deliver([a_file("a.csv")])
    with pytest.raises(NotAllowed):
        server.delivery().check()
    assert "a.csv" not in server.files()


def test_a_wrong_secret_is_a_failed_login_without_the_secret_in_it(server: Place) -> None:
    for call in (lambda d: d.check(), lambda d: d.deliver([a_file("a.csv")]), lambda d: list(d.names())):
        with pytest.raises(LoginFailed) as refused:
            call(server.delivery(secret="not the secret"))
        assert "not the secret" not in repr(refused.value)


def test_a_missing_folder_is_told(server: Place) -> None:
    elsewhere = server.options["deliver_to"].replace("/in%20tray", "/nowhere").replace("@books", "@other")
    with pytest.raises(Misconfigured, match="does not exist"):
        server.delivery(deliver_to=elsewhere).deliver([a_file("a.csv")])


def test_private_networks_are_refused_before_anything_is_sent(server: Place) -> None:
    server.ways = replace(WAYS, network=NetworkPolicy(permits=lambda address: False))
    with pytest.raises(PrivateAddress):
        server.delivery().deliver([a_file("a.csv")])
    assert server.files() == {}


@contextmanager
def a_silent_server() -> Iterator[int]:
    """Takes connections and answers nothing."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for one in kept:
                one.close()


def impatient(delivery: FiledDelivery) -> FiledDelivery:
    """The same with a fraction of a second of patience."""
    made = delivery.open
    assert isinstance(made, partial)
    name = made.func.__name__
    if name == "open_sftp":
        address, login, network = made.args
        return replace(delivery, open=partial(made.func, address, replace(login, seconds=0.3), network))
    return replace(delivery, open=partial(made.func, *made.args, seconds=0.3))


def test_a_server_that_does_not_answer_is_left_in_time(server: Place) -> None:
    with a_silent_server() as port:
        there = server.options["deliver_to"].replace(f":{server.extra.port}", f":{port}")
        with pytest.raises((Timeout, Unreachable)):
            impatient(server.delivery(deliver_to=there)).deliver([a_file("a.csv")])


def test_a_server_that_is_down_is_unreachable(server: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    there = server.options["deliver_to"].replace(f":{server.extra.port}", f":{free}")
    with pytest.raises(Unreachable):
        server.delivery(deliver_to=there).deliver([a_file("a.csv")])


def test_without_a_secret_nothing_is_opened(server: Place) -> None:
    with pytest.raises(Misconfigured, match="secret"):
        open_delivery(server.options, lambda name: None, WAYS)
