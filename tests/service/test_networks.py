"""Which addresses the service reaches for its customers: never its own network, but where its operator says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.erp.registry import load_connector
from kontobro.service.app import open_service_app
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.networks import reach_of

NAMES = {
    "public.example.com": ["93.184.216.34"],
    "inside.example.com": ["10.0.0.5"],
    "both.example.com": ["93.184.216.34", "fd00::1"],
}


def resolve(host: str, port: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


def hosted(**other: str) -> ServiceConfig:
    return read_config({"KONTOBRO_PUBLIC_URL": "https://books.example.com", **other})


@pytest.mark.parametrize(
    "host", ["inside.example.com", "both.example.com:8069", "10.0.0.5", "[::1]", "169.254.169.254"]
)
def test_a_name_that_leads_inside_is_refused(host: str) -> None:
    with pytest.raises(Misconfigured, match="private network"):
        reach_of(hosted(), resolve).require(f"https://{host}/")


def test_the_public_internet_is_open_and_unknown_names_are_the_connector_s() -> None:
    for host in ("public.example.com", "93.184.216.34", "unknown.example.com", "public.example.com:99999"):
        reach_of(hosted(), resolve).require(f"https://{host}/")


def test_a_host_is_read_as_the_client_reads_it() -> None:
    """By the rules of 2003 `faß` is `fass`: another host, of another owner."""
    asked: list[str] = []

    def spelled(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["10.0.0.5"]

    with pytest.raises(Misconfigured, match="private network"):
        reach_of(hosted(), spelled).require("https://faß.example.com/")
    assert asked == ["xn--fa-hia.example.com"]


def test_what_is_connected_to_is_checked_again_whatever_was_permitted_before(tmp_path: Path) -> None:
    """The name led outside when the connection was opened; it leads inside when Odoo is called."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    reach = reach_of(hosted(), lambda host, port: answers.pop(0))
    options = {"url": "https://rebind.example.com"}
    reach.require(options["url"])
    connector = load_connector("odoo", options, {"api_key": "k"}.get, reach.policy)
    with pytest.raises(Misconfigured, match="private network"):
        connector.check()
    assert answers == []


def test_the_same_for_tryton() -> None:
    reach = reach_of(hosted(), lambda host, port: ["10.0.0.5"])
    options = {"url": "https://inside.example.com", "database": "d", "user": "u"}
    connector = load_connector("tryton", options, {"password": "p"}.get, reach.policy)
    with pytest.raises(Misconfigured, match="private network"):
        connector.check()


def test_a_service_s_home_gives_its_rule_to_every_connector(tmp_path: Path) -> None:
    app = open_service_app(hosted(KONTOBRO_HOME=str(tmp_path / "home")))
    try:
        assert not app.network.permits("10.0.0.5")
        assert app.network.permits("93.184.216.34")
    finally:
        app.close()


def test_the_operator_s_networks_are_open_and_nothing_beside_them() -> None:
    reach = reach_of(hosted(KONTOBRO_PRIVATE_NETWORKS="10.0.0.0/24"), resolve)
    reach.require("http://inside.example.com/")
    with pytest.raises(Misconfigured):
        reach.require("http://10.0.1.5/")


def test_what_is_no_network_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match="KONTOBRO_PRIVATE_NETWORKS"):
        hosted(KONTOBRO_PRIVATE_NETWORKS="10.0.0.5/8")


def test_a_service_on_localhost_reaches_everything() -> None:
    reach_of(read_config({}), resolve).require("http://127.0.0.1:8069")


def test_each_opening_looks_again(tmp_path: Path) -> None:
    """Also in a worker: a connection that was stored before, or whose name leads elsewhere by now."""
    app = open_service_app(hosted(KONTOBRO_HOME=str(tmp_path / "home")))
    connection = Connection(
        id="c1",
        name="Demo",
        environment="sandbox",
        api_url="http://127.0.0.1:1",
        auth_url="http://127.0.0.1:1",
        auth="api_key",
        company_id="c",
        company_name="Demo",
        erp="odoo",
        erp_options={"url": "http://10.0.0.5"},
    )
    try:
        for open_one in (app.connector_for, app.ports_for, app.sync_ports_for, app.book_ports_for):
            with pytest.raises(Misconfigured, match="private network"):
                open_one(connection)
    finally:
        app.close()
