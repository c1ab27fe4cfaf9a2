"""What was checked is what is connected to: names, spellings, answers that change, proxies, tunnels in IPv6."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kontobro.core.errors import Misconfigured
from kontobro.net.addresses import NetworkPolicy, PrivateAddress, is_public, literal
from kontobro.net.backend import MOST_TRIED
from kontobro.net.client import open_client
from kontobro.net.limits import Limits
from tests.support.bad_servers import answering, listening, request_of

LIMITS = Limits(seconds=20, most_bytes=10_000)


class Names:
    """A resolver whose answers follow each other; the last one stays. `asked` are the names it was asked for."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def loopback_only(address: str) -> bool:
    """For tests: this machine is what may be reached, all else is inside."""
    return ip_address(address).is_loopback


def test_a_name_that_answers_differently_the_second_time_leads_nowhere() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    with (
        listening(answering(b"ok")) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, names), trust_env=False) as http,
    ):
        assert http.get(f"http://rebind.example:{server.port}/").content == b"ok"
        with pytest.raises(PrivateAddress):
            http.get(f"http://rebind.example:{server.port}/")
        assert len(server.came) == 1
    assert names.asked == ["rebind.example"] * 2


def test_each_connection_looks_a_name_up_once() -> None:
    """The check and the connection share one answer: there is no moment between them."""
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    with (
        listening(answering(b"ok")) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, names), trust_env=False) as http,
    ):
        http.get(f"http://once.example:{server.port}/")
    assert names.asked == ["once.example"]


def test_one_private_address_among_others_refuses_all() -> None:
    with (
        listening(answering(b"ok")) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, Names(["127.0.0.1", "10.0.0.7"])), trust_env=False) as http,
    ):
        with pytest.raises(Misconfigured, match="private network"):
            http.get(f"http://both.example:{server.port}/")
        assert server.came == []


def test_a_name_is_looked_up_as_it_is_connected_to() -> None:
    """`faß` is `fass` by the rules of 2003 and `xn--fa-hia` by those of 2008: two hosts, of two owners."""
    names = Names(["127.0.0.1"])
    with (
        listening(answering(b"ok")) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, names), trust_env=False) as http,
    ):
        asked = http.get(f"http://faß.example:{server.port}/").request
    assert names.asked == [asked.url.raw_host.decode()] == ["xn--fa-hia.example"]
    assert asked.headers["host"].startswith("xn--fa-hia.example")


def test_redirects_are_checked_as_any_address() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    moved = answering(b"", "Location: http://inside.example/", status="302 Found")
    with (
        listening(moved) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, names), trust_env=False, follow_redirects=True) as http,
        pytest.raises(PrivateAddress),
    ):
        http.get(f"http://moved.example:{server.port}/")
    assert names.asked == ["moved.example", "inside.example"]


def test_the_next_address_is_tried_and_not_for_ever() -> None:
    with listening(answering(b"ok")) as gone:
        port = gone.port
    names = Names([f"127.0.0.{n}" for n in range(1, 30)])
    with open_client(LIMITS, NetworkPolicy(loopback_only, names), trust_env=False) as http:
        with listening(answering(b"ok")) as server:
            names.answers = [["127.0.0.9", "127.0.0.1"]]
            assert http.get(f"http://two.example:{server.port}/").content == b"ok"
        with pytest.raises(httpx2.ConnectError):
            http.get(f"http://many.example:{port}/")
    assert MOST_TRIED < 29


def test_an_unknown_name_is_no_answer_and_no_refusal() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with (
        open_client(LIMITS, NetworkPolicy(is_public, unknown), trust_env=False) as http,
        pytest.raises(httpx2.ConnectError),
    ):
        http.get("http://nowhere.example/")


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that no one trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "books.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pem").write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem")
    return context


def test_tls_asks_for_the_name_and_believes_no_certificate_of_its_own(tmp_path: Path) -> None:
    context, asked = certificate(tmp_path), list[str | None]()
    context.sni_callback = lambda stream, name, given: asked.append(name)

    def talk(connection: object) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:  # type: ignore[arg-type]
            request_of(stream)

    with (
        listening(talk) as server,
        open_client(LIMITS, NetworkPolicy(loopback_only, Names(["127.0.0.1"])), trust_env=False) as http,
        pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"),
    ):
        http.get(f"https://books.example:{server.port}/")
    assert asked == ["books.example"]


def test_a_proxy_is_the_only_address_and_stays_the_first_one_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator named it, so it may be anywhere; names are its business, written-out addresses are ours still."""
    names = Names(["127.0.0.1"], ["127.0.0.99"])
    with listening(answering(b"proxied")) as server:
        monkeypatch.setenv("http_proxy", f"http://user:pw@proxy.example:{server.port}")
        monkeypatch.setenv("no_proxy", "")
        with open_client(LIMITS, NetworkPolicy(is_public, names)) as http:
            for _ in range(2):
                assert http.get("http://whoever.example/").content == b"proxied"
            for inside in (
                "127.1",
                "2130706433",
                "0x7f.0.0.1",
                "127.0.0.1.",
                "10.0.0.7",
                "[::1]",
                "localhost",
                "localhost.",
                "[::ffff:169.254.169.254]",
            ):
                with pytest.raises(PrivateAddress):
                    http.get(f"http://{inside}/")
        assert len(server.came) == 2
    assert names.asked == ["proxy.example"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:a00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "nonsense",
        "",
    ],
)
def test_the_inside_of_any_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "127.0.0.1.", "[::ffff:127.1.2.3]"])
def test_an_address_in_another_spelling_is_an_address(host: str) -> None:
    names = Names(["93.184.215.14"])
    with (
        open_client(LIMITS, NetworkPolicy(is_public, names), trust_env=False) as http,
        pytest.raises(PrivateAddress),
    ):
        http.get(f"http://{host}/")
    assert names.asked == []


@pytest.mark.parametrize("host", ["face.example", "0x.example", "dead.beef", "a", "1.2.3.4.5", "x"])
def test_a_name_is_a_name(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:220:1::1", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
def test_the_public_internet_is(address: str) -> None:
    assert is_public(address)
