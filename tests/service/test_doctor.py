"""What the doctor says of a healthy installation, and of each thing that can be wrong with one."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kontobro.bootstrap import DATABASE, open_app
from kontobro.core.model.connection import Tokens
from kontobro.health.data_folder import examine_data_folder
from kontobro.health.findings import Finding, worst
from kontobro.health.installation import examine, examine_settings, examine_work
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.metrics.vitals import Vitals
from kontobro.store import open_store
from tests.support.empty_store import put_empty_store
from tests.support.outside import installed, write_package
from tests.support.scripted_pleo import Clock, a_connection, page

POLL = timedelta(seconds=120)
WATCHED = {"endpointUrl": "https://books.example.com/webhooks/c1", "eventTypes": ["v1.export-job.created"]}


def configured(home: Path, **values: str) -> ServiceConfig:
    return read_config({"KONTOBRO_HOME": str(home)} | values)


def named(findings: list[Finding], name: str) -> Finding:
    [found] = [each for each in findings if each.subject == name]
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one connection and its credential."""
    path = tmp_path / "home"
    put_empty_store(path / DATABASE)
    opened = open_app(path)
    opened.store.save_connection(a_connection())
    opened.store.save_tokens(a_connection(), Tokens(access="plp_key"))
    opened.close()
    return path


def pleo(*subscriptions: dict[str, Any], off: timedelta = timedelta(0)) -> httpx2.MockTransport:
    """A Pleo with these subscriptions and a clock that is off."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "HEAD":
            return httpx2.Response(404, headers={"date": format_datetime(Clock().now() + off)})
        return page(list(subscriptions))

    return httpx2.MockTransport(answer)


def looked(home: Path, transport: httpx2.MockTransport, vitals: Vitals | None = None, **values: str) -> list[Finding]:
    look = (lambda opened: vitals) if vitals else None
    return examine(configured(home, **values), look=look, clock=Clock(), transport=transport)


PUBLIC = {"KONTOBRO_PUBLIC_URL": "https://books.example.com"}


def test_a_healthy_service_is_healthy(home: Path) -> None:
    findings = looked(home, pleo({"id": "s1", **WATCHED}), Vitals(workers=1, since_look=POLL), **PUBLIC)
    assert [each for each in findings if each.verdict == "bad"] == []
    assert named(findings, "webhooks").verdict == "ok"
    assert named(findings, "secrets").message == "The key reads all 1 secrets."
    assert named(findings, "clock").verdict == "ok"
    assert all(each.remedy for each in findings if each.verdict != "ok")


def test_a_lost_key_is_found(home: Path) -> None:
    (home / "kontobro.sqlite3.key").unlink()
    assert named(looked(home, pleo()), "secrets").verdict == "bad"
    other = {"KONTOBRO_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
    found = named(looked(home, pleo(), **other), "secrets")
    assert (found.verdict, found.message) == ("bad", "1 of 1 secrets can't be read with this key.")


def test_a_database_that_is_none_is_told_with_the_rest(tmp_path: Path) -> None:
    (tmp_path / "kontobro.sqlite3").write_bytes(b"this is no database at all" * 30)
    findings = looked(tmp_path, pleo())
    assert findings[0].subject == "database"
    assert findings[0].verdict == "bad"
    assert named(findings, "public address").verdict == "ok"


def test_unwatched_connections_and_a_lost_login_are_told(home: Path) -> None:
    assert named(looked(home, pleo(), **PUBLIC), "webhooks").verdict == "warn"
    stranger = {"id": "s1", **WATCHED, "endpointUrl": "https://books.example.com.evil.example/c1"}
    assert named(looked(home, pleo(stranger), **PUBLIC), "webhooks").verdict == "warn"
    with open_store(home / "kontobro.sqlite3") as store:
        store.mark_reconnect("c1", datetime.now(UTC))
    assert "1 reconnect" in named(looked(home, pleo()), "connections").message


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (-20, "ok"), (60, "warn"), (-300, "bad")])
def test_a_wrong_clock_is_told(home: Path, seconds: int, verdict: str) -> None:
    assert named(looked(home, pleo(off=timedelta(seconds=seconds))), "clock").verdict == verdict


def test_an_address_that_sends_no_time_is_reached_all_the_same(home: Path) -> None:
    found = named(looked(home, httpx2.MockTransport(lambda request: httpx2.Response(404))), "clock")
    assert found.verdict == "warn"
    assert "sends no time" in found.message


@pytest.mark.parametrize(
    ("values", "name", "verdict"),
    [
        ({"KONTOBRO_PUBLIC_URL": "http://books.example.com"}, "public address", "bad"),
        ({"KONTOBRO_PUBLIC_URL": "http://localhost:1"}, "public address", "ok"),
        ({"KONTOBRO_SECRET_KEY": "changeme"}, "session key", "bad"),
        ({"KONTOBRO_SECRET_KEY": "a" * 60}, "session key", "bad"),
        ({"KONTOBRO_SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789" * 2}, "session key", "ok"),
        ({"KONTOBRO_DATABASE_URL": "postgresql://x/y"}, "encryption key", "bad"),
        ({"KONTOBRO_DATABASE_URL": "postgresql://x/y"}, "session key", "warn"),
        ({"KONTOBRO_METRICS_TOKEN": "short"}, "metrics", "warn"),
    ],
)
def test_settings_are_judged(tmp_path: Path, values: dict[str, str], name: str, verdict: str) -> None:
    assert named(examine_settings(configured(tmp_path, **values)), name).verdict == verdict


def test_behind_a_proxy_names_are_the_proxy_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    hosted = configured(tmp_path, KONTOBRO_PUBLIC_URL="https://books.example.com")
    assert not [each for each in examine_settings(hosted) if each.subject == "proxy"]
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example.com:3128")
    found = named(examine_settings(hosted), "proxy")
    assert found.verdict == "warn"
    assert "http://proxy.example.com:3128" in found.message
    assert "DNS" in found.message
    assert "private networks" in found.remedy
    assert "secret" not in f"{found}"
    here = configured(tmp_path, KONTOBRO_PUBLIC_URL="http://localhost:1")
    assert named(examine_settings(here), "proxy").verdict == "ok"


def test_nobody_at_work_is_bad_and_a_long_queue_a_warning() -> None:
    hour = timedelta(hours=1)
    findings = examine_work(Vitals(workers=0, waiting=9, oldest_wait=hour, since_look=hour), POLL)
    assert [each.verdict for each in findings] == ["bad", "warn", "warn"]
    assert worst(findings) == "bad"
    assert worst(examine_work(Vitals(workers=1), POLL)) == "ok"


def test_a_plain_home_is_examined_without_configuration(home: Path) -> None:
    opened = open_app(home)
    try:
        findings = examine_data_folder(opened)
    finally:
        opened.close()
    assert {each.subject for each in findings} >= {"database", "secrets", "disk", "connections", "versions"}
    home.chmod(0o755)
    opened = open_app(home)
    try:
        assert named(examine_data_folder(opened), "permissions").verdict == "warn"
    finally:
        opened.close()


def test_no_finding_holds_a_secret(home: Path) -> None:
    values = {"KONTOBRO_MAIL_URL": "smtp://anna:hunter2@127.0.0.1:9", "KONTOBRO_SECRET_KEY": "swordfish", **PUBLIC}
    told = repr(looked(home, pleo(), **values))
    assert "hunter2" not in told
    assert "swordfish" not in told
    assert "plp_key" not in told


def test_connectors_of_other_packages_are_named_and_broken_ones_too(home: Path, tmp_path: Path) -> None:
    write_package(tmp_path / "site", "broken", "broken = kontobro_broken:CONNECTOR", "import no_such_library")
    with installed(), installed(tmp_path / "site"), closing(open_app(home)) as opened:
        found = [each for each in examine_data_folder(opened) if each.subject == "connectors"]
    assert [each.verdict for each in found] == ["ok", "warn"]
    assert "northbook (kontobro-northbook)" in found[0].message
    assert "kontobro-broken can't be loaded" in found[1].message
