"""A hosted service opens ledgers below folders that its operator named: when connecting, and each time after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.health.installation import examine_settings
from kontobro.service.app import permit_of
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.ledgers import ledger_for

OURS, OTHERS = "ours", "others"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a ledger of each of two organisations, and one beside it that no one may open."""
    for organisation in (OURS, OTHERS):
        (tmp_path / "ledgers" / organisation).mkdir(parents=True)
        (tmp_path / "ledgers" / organisation / "main.beancount").write_text("")
    (tmp_path / "secret.beancount").write_text("")
    return tmp_path / "ledgers"


def open_it(config: ServiceConfig, ledger: Path | str, organisation: str = OURS) -> None:
    """What every page and worker does before it opens a connection's ledger."""
    facts: dict[str, Any] = dict.fromkeys(("name", "api_url", "auth_url", "company_id", "company_name"), "any")
    connection = Connection(
        id="c1", environment="sandbox", auth="api_key", erp="beancount", erp_options={"ledger": str(ledger)}, **facts
    )
    permit_of(config, lambda _: organisation)(connection)


def hosted(root: Path | str) -> ServiceConfig:
    return read_config({"KONTOBRO_PUBLIC_URL": "https://books.example.com", "KONTOBRO_LEDGER_FOLDERS": str(root)})


def test_a_ledger_of_ours_is_opened(root: Path) -> None:
    ledger = ledger_for(hosted(root), "main.beancount", OURS)
    assert ledger == root / OURS / "main.beancount"
    open_it(hosted(root), ledger)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../others/main.beancount", "../../secret.beancount", "a/../../x", "/", "link.beancount"]
)
def test_a_ledger_outside_is_refused(root: Path, path: str) -> None:
    (root / OURS / "link.beancount").symlink_to(root.parent / "secret.beancount")
    with pytest.raises(Misconfigured, match="outside your organisation"):
        ledger_for(hosted(root), path, OURS)


def test_a_folder_that_leads_out_and_a_loop_are_refused(root: Path) -> None:
    (root / "third").symlink_to(root.parent)
    with pytest.raises(Misconfigured):
        ledger_for(hosted(root), "secret.beancount", "third")
    (root / OURS / "loop").symlink_to(root / OURS / "loop")
    with pytest.raises(Misconfigured):
        open_it(hosted(root), root / OURS / "loop")


def test_one_that_became_a_link_later_is_refused_on_use(root: Path) -> None:
    ledger = ledger_for(hosted(root), "main.beancount", OURS)
    ledger.unlink()
    ledger.symlink_to(root / OTHERS / "main.beancount")
    with pytest.raises(Misconfigured, match="outside the folders"):
        open_it(hosted(root), ledger)


def test_one_of_another_organisation_is_refused_on_use_too(root: Path) -> None:
    theirs = root / OTHERS / "main.beancount"
    with pytest.raises(Misconfigured, match="outside the folders"):
        open_it(hosted(root), theirs)
    open_it(hosted(root), theirs, OTHERS)


def test_the_operator_s_own_connection_has_all_of_the_named_folders(root: Path) -> None:
    """Made on the command line, it belongs to no organisation: its own id is what stands for one."""
    open_it(hosted(root), root / OTHERS / "main.beancount", "c1")
    with pytest.raises(Misconfigured, match="outside the folders"):
        open_it(hosted(root), root.parent / "secret.beancount", "c1")


@pytest.mark.parametrize("ledger", ["/etc/passwd", "main.beancount"])
@pytest.mark.parametrize("folders", ["", "/srv/nowhere"])
def test_the_worker_opens_no_other(folders: str, ledger: str) -> None:
    with pytest.raises(Misconfigured, match="outside the folders"):
        open_it(hosted(folders), ledger)


def test_local_mode_opens_what_its_user_may(root: Path) -> None:
    local = read_config({})
    ledger = ledger_for(local, str(root / ".." / "secret.beancount"), OURS)
    assert ledger == root.parent / "secret.beancount"
    open_it(local, ledger)


def test_a_folder_is_named_by_its_whole_path() -> None:
    with pytest.raises(Misconfigured, match="KONTOBRO_LEDGER_FOLDERS: 'ledgers' is not a full path"):
        hosted("ledgers")


def test_the_doctor_finds_a_folder_that_others_write_to(root: Path) -> None:
    def verdict() -> str:
        return next(each.verdict for each in examine_settings(hosted(root)) if each.subject == "ledgers")

    root.chmod(0o755)
    assert verdict() == "ok"
    root.chmod(0o775)
    assert verdict() == "bad"
