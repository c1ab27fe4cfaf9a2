"""What only SFTP has: host keys, private keys, links on the server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kontobro.core.errors import Conflict, LoginFailed, Misconfigured, Unreachable
from tests.delivery.places import Place, a_file, fingerprint, sftp


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with sftp(tmp_path) as made:
        yield made


def test_an_unknown_host_key_is_shown_and_nothing_is_sent(place: Place) -> None:
    with pytest.raises(Misconfigured) as told:
        place.delivery(delivery_host_key="").deliver([a_file("a.csv")])
    assert fingerprint(place.extra.host_key) in str(told.value)
    assert place.extra.logins == []


def test_another_host_key_gets_no_password(place: Place) -> None:
    other = fingerprint(paramiko.ECDSAKey.generate())
    with pytest.raises(LoginFailed, match="another host key") as told:
        place.delivery(delivery_host_key=other).deliver([a_file("a.csv")])
    assert fingerprint(place.extra.host_key) in str(told.value)
    assert place.extra.logins == []
    assert place.files() == {}


def test_one_of_several_known_host_keys_will_do(place: Place) -> None:
    both = f"{fingerprint(paramiko.ECDSAKey.generate())}, {place.options['delivery_host_key']}="
    place.delivery(delivery_host_key=both).deliver([a_file("a.csv")])
    assert list(place.files()) == ["a.csv"]


@pytest.mark.parametrize("text", ["MD5:aa:bb", "ssh-ed25519 AAAA"])
def test_what_is_no_fingerprint_is_told(place: Place, text: str) -> None:
    with pytest.raises(Misconfigured, match="fingerprint"):
        place.delivery(delivery_host_key=text)


def private_key() -> tuple[str, paramiko.PKey]:
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return text, paramiko.Ed25519Key.from_private_key(io.StringIO(text))


def test_a_private_key_logs_in_as_text_or_on_one_line(place: Place) -> None:
    text, key = private_key()
    place.extra.user_key = key
    for secret in (text, text.strip(), text.replace("\n", ""), text.replace("\n", " ").strip()):
        place.delivery(secret=secret).check()
    assert place.extra.logins == []  # no password was tried


def test_another_private_key_is_refused(place: Place) -> None:
    place.extra.user_key = private_key()[1]
    with pytest.raises(LoginFailed):
        place.delivery(secret=private_key()[0]).check()


def test_a_private_key_that_is_cut_short_is_told(place: Place) -> None:
    with pytest.raises(Misconfigured, match="private key"):
        place.delivery(secret="\n".join(private_key()[0].split("\n")[:3])).check()


def test_links_on_the_server_are_not_followed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.csv").write_bytes(b"secret")
    root = tmp_path / "in tray"
    (root / "a.csv").symlink_to(outside / "a.csv")
    (root / "new.csv").symlink_to(outside / "made.csv")
    (root / "0001").symlink_to(outside)
    for name in ("a.csv", "new.csv", "0001/a.csv", "0001/b.csv"):
        with pytest.raises(Conflict, match="link"):
            place.delivery().deliver([a_file(name)])
        with pytest.raises(Conflict, match="link"):
            place.delivery().withdraw(name, a_file(name).sha256)
    assert list(place.delivery().names()) == []
    assert [path.name for path in outside.iterdir()] == ["a.csv"]


def test_what_is_no_ssh_is_unreachable(place: Place) -> None:
    from tests.delivery.web_servers import an_s3_server

    with an_s3_server("books") as server:
        there = place.options["deliver_to"].replace(f":{place.extra.port}", f":{server.port}")
        with pytest.raises(Unreachable):
            place.delivery(deliver_to=there).check()
