"""Local mode follows the socket: whatever a network can reach needs a public address, or does not start."""

from __future__ import annotations

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.health.installation import examine_settings
from kontobro.service.config import read_config
from kontobro.service.listening import binds_loopback, local_url, names_loopback
from kontobro.service.reach import require_bound, require_pages_known, require_place

HERE = ["127.0.0.1:8765", "127.0.0.2:1", "localhost:8765", "[::1]:8765", "[::ffff:127.0.0.1]:8765"]
NETWORK = ["0.0.0.0:8765", "[::]:8765", ":8765", "192.168.1.7:8765", "unix:/run/k.sock"]


@pytest.mark.parametrize("bind", HERE)
def test_a_loopback_address_is_local_mode(bind: str) -> None:
    given = read_config({"KONTOBRO_BIND": bind})
    require_place(given)
    assert given.local
    assert not given.signup_open


@pytest.mark.parametrize("bind", NETWORK)
@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8765", "http://localhost:8765", "https://[::1]:8765"])
def test_a_network_address_without_a_public_one_is_refused(bind: str, url: str) -> None:
    given = read_config({"KONTOBRO_BIND": bind} | ({"KONTOBRO_PUBLIC_URL": url} if url else {}))
    assert not given.local
    with pytest.raises(Misconfigured, match="KONTOBRO_PUBLIC_URL is not an address") as caught:
        require_place(given)
    assert "Set KONTOBRO_PUBLIC_URL" in caught.value.remedy
    [found] = [each for each in examine_settings(given) if each.subject == "public address"]
    assert (found.verdict, found.remedy) == ("bad", caught.value.remedy)


@pytest.mark.parametrize(
    ("addresses", "is_here"),
    [(["127.0.0.1", "::1"], True), (["0.0.0.0"], False), (["127.0.1.1", "10.0.0.5"], False)],
)
def test_a_name_is_what_it_means(addresses: list[str], is_here: bool) -> None:
    """`0` is one too: the system takes it for 0.0.0.0."""

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, 0)) for address in addresses]

    assert binds_loopback("books:8765", look_up) is is_here


def test_a_name_of_this_machine_is_local_mode_too() -> None:
    """Many systems give the machine's own name 127.0.1.1: bound to that, a service is reached by no one else."""

    def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("127.0.1.1", 0))]

    assert local_url("laptop:8765", look_up) == "http://127.0.1.1:8765"
    assert names_loopback(local_url("laptop:8765", look_up))
    assert local_url("localhost:8765", look_up) == "http://localhost:8765"
    assert local_url("ip6:8765", lambda *_, **__: [(10, 1, 6, "", ("::1", 0, 0, 0))]) == "http://[::1]:8765"


@pytest.mark.parametrize("bind", ["::1:8765", ":::8765", "127.0.0.1:1,0.0.0.0:8765"])
def test_an_address_without_brackets_is_told_as_that(bind: str) -> None:
    with pytest.raises(Misconfigured, match=r"KONTOBRO_BIND: .* is not a valid host:port") as caught:
        read_config({"KONTOBRO_BIND": bind})
    assert "KONTOBRO_PUBLIC_URL" not in caught.value.message


@pytest.mark.parametrize("url", ["https://u:hidden@k.example", "https://k.example/?a=b", "ftp://x", "books"])
def test_a_public_address_is_plain(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"KONTOBRO_PUBLIC_URL: .* is not a valid web address") as caught:
        read_config({"KONTOBRO_PUBLIC_URL": url})
    assert "hidden" not in caught.value.message


def test_an_unknown_name_is_no_address_of_this_machine() -> None:
    def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise OSError("unknown")

    assert not binds_loopback("books:8765", look_up)


@pytest.mark.parametrize("bind", [*HERE, *NETWORK])
def test_with_a_public_address_it_is_hosted(bind: str) -> None:
    given = read_config({"KONTOBRO_BIND": bind, "KONTOBRO_PUBLIC_URL": "https://books.example.com"})
    require_place(given)
    assert not given.local


def test_behind_a_proxy_a_loopback_address_is_reached_from_a_network() -> None:
    with pytest.raises(Misconfigured, match="KONTOBRO_BEHIND_PROXY"):
        require_place(read_config({"KONTOBRO_BEHIND_PROXY": "true"}))


SHARED = ["postgresql://u:p@db.example:5432/k", "postgresql://u:p@10.0.0.5/k", "postgresql:///k?host=127.0.0.1,db2"]
OWN = ["postgresql://u:p@127.0.0.1/k", "postgresql://u:p@[::1]/k", "postgresql:///k", "postgresql:///k?host=/run/pg"]


@pytest.mark.parametrize("url", SHARED)
def test_a_worker_for_pages_elsewhere_is_never_in_local_mode(url: str) -> None:
    """Forgotten in its environment, the public address would open every ledger and every private network to it."""
    with pytest.raises(Misconfigured, match="rules of local mode") as caught:
        require_pages_known(read_config({"KONTOBRO_DATABASE_URL": url}))
    assert "u:p" not in str(caught.value)
    require_pages_known(read_config({"KONTOBRO_DATABASE_URL": url, "KONTOBRO_PUBLIC_URL": "https://books.example.com"}))


@pytest.mark.parametrize("url", ["", "mysql://x", *OWN])
def test_a_worker_beside_its_database_may_be(url: str) -> None:
    require_pages_known(read_config({"KONTOBRO_DATABASE_URL": url}))


def test_a_socket_that_was_handed_in_is_looked_at() -> None:
    local = read_config({})
    require_bound(local, [("127.0.0.1", 8765), ("::1", 8765, 0, 0)])
    for bound in (("0.0.0.0", 8765), "/run/kontobro.sock"):
        with pytest.raises(Misconfigured):
            require_bound(local, [bound])
    require_bound(read_config({"KONTOBRO_PUBLIC_URL": "https://books.example.com"}), [("0.0.0.0", 8765)])


@pytest.mark.parametrize(
    ("given", "is_open", "verdict"),
    [
        ({}, False, "ok"),
        ({"KONTOBRO_SIGNUP": "true"}, True, "warn"),
        ({"KONTOBRO_PUBLIC_URL": "https://books.example.com"}, True, "ok"),
        ({"KONTOBRO_PUBLIC_URL": "https://books.example.com", "KONTOBRO_SIGNUP": "false"}, False, "ok"),
    ],
)
def test_who_may_sign_up(given: dict[str, str], is_open: bool, verdict: str) -> None:
    found = read_config(given)
    assert found.signup_open is is_open
    assert [each.verdict for each in examine_settings(found) if each.subject == "sign-up"] == [verdict]


@pytest.mark.parametrize(
    "host", ["localhost.", "a.localhost", "127.1", "0x7f.1", "2130706433", "0.0.0.0", "[::]", "[::1]", "127.0.0.2"]
)
def test_every_spelling_of_this_machine_is_this_machine(host: str) -> None:
    assert names_loopback(f"http://{host}:8765")


@pytest.mark.parametrize("host", ["kontobro.example", "localhost.example", "192.0.2.1", "[2001:db8::1]"])
def test_another_machine_is_none(host: str) -> None:
    assert not names_loopback(f"https://{host}")
