"""Who may control the sandbox: its own pages and programs, under its own names (no DNS rebinding, no other site)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.app import create_app
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox

OWN = ["127.0.0.1:8764", "localhost:8764", "LOCALHOST", "[::1]:8764", "10.0.0.7", "pleo:8764", "Pleo"]
FOREIGN = [
    "evil.example:8764",
    "evil.test",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "",
    "[::1",
    "a@127.0.0.1",
]
PATHS = [("GET", "/_control/state"), ("POST", "/_control/clear_faults"), ("GET", "/"), ("GET", "/oauth/authorize")]
CROSS: list[dict[str, str]] = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.fixture
def caller(sandbox: Sandbox) -> TestClient:
    return TestClient(create_app(sandbox, ["pleo"]), base_url="http://127.0.0.1:8764", follow_redirects=False)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_only_its_own_names_are_answered(caller: TestClient, method: str, path: str) -> None:
    for host in FOREIGN:
        rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
        for headers in ({"host": host}, rebound):
            assert caller.request(method, path, headers=headers).status_code == 403, host
    for host in OWN:
        assert caller.request(method, path, headers={"host": host}).status_code != 403, host


@pytest.mark.parametrize("headers", CROSS)
@pytest.mark.parametrize(("method", "path"), PATHS[:2])
def test_no_other_site_s_page_controls_it(caller: TestClient, method: str, path: str, headers: dict[str, str]) -> None:
    assert caller.request(method, path, headers=headers).status_code == 403


def test_a_refused_control_does_nothing(caller: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    order = {"company_id": acme.id}
    for headers in ({"host": "evil.example"}, *CROSS):
        caller.post("/_control/press_export", json=order, headers=headers)
    assert not list(sandbox.jobs)
    own = {"origin": "http://127.0.0.1:8764", "sec-fetch-site": "same-origin"}
    assert caller.post("/_control/press_export", json=order, headers=own).status_code == 200
    assert len(list(sandbox.jobs)) == 1
