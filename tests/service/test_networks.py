"""Which addresses the service reaches for its customers: never its own network, but where its operator says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kontobro.core.connection import Connection
from kontobro.core.errors import Misconfigured
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.home import open_service_home
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
    home = open_service_home(hosted(KONTOBRO_HOME=str(tmp_path / "home")))
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
        for open_one in (home.connector_for, home.ports_for, home.sync_ports_for, home.book_ports_for):
            with pytest.raises(Misconfigured, match="private network"):
                open_one(connection)
    finally:
        home.close()
