"""Connectors of other packages: found by entry point, declared options, and never a danger for the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kontobro.core.errors import ConnectorFault, Misconfigured, SeveralCompanies
from kontobro.core.model.connection import FROM_PLEO
from kontobro.erp.kit.registration import Option, Registration
from kontobro.erp.registry import Registry
from tests.support.outside import OUTSIDE, installed, write_package

BOOKS = {"server": "https://books.example.com", "region": "eu"}
WHOLE = """
from kontobro.erp.kit.registration import Option, Registration
CONNECTOR = Registration(label="Books", factory="kontobro_{0}:from_options", install="pip install kontobro-{0}"{1})
"""


def test_a_package_is_listed_and_opened_like_ours() -> None:
    with installed():
        registry = Registry()
        assert registry.names() == ["beancount", "csv", "datev", "fec", "northbook", "odoo", "sie", "tryton", "xlsx"]
        assert (registry.label("northbook"), registry.package("northbook")) == ("NorthBook", "kontobro-northbook")
        assert (registry.is_installed("northbook"), registry.faults()) == (True, [])
        connector = registry.load("northbook", BOOKS, {"token": "open sesame"}.get)
        with pytest.raises(SeveralCompanies):
            connector.check()
    assert "northbook" not in Registry().names()


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    with installed():
        registry = Registry()
        registry.get("beancount")
        assert "kontobro_northbook" not in sys.modules
        registry.get("northbook")
        assert "kontobro_northbook" in sys.modules
        assert "kontobro_northbook.connector" not in sys.modules


@pytest.mark.parametrize(
    ("allowed", "offered"), [((), False), (("kontobro-other",), False), (("Kontobro_Northbook",), True)]
)
def test_a_package_that_is_not_allowed_is_never_imported(allowed: tuple[str, ...], offered: bool) -> None:
    with installed():
        registry = Registry(frozenset(allowed))
        assert ("northbook" in registry.names()) == offered
        assert bool(registry.faults()) != offered
        assert registry.label("northbook") == ("NorthBook" if offered else "Northbook")
        if not offered:
            with pytest.raises(Misconfigured, match="package kontobro-northbook is not one that this service may load"):
                registry.load("northbook", BOOKS)
        assert ("kontobro_northbook" in sys.modules) == offered


def test_a_dotted_factory_is_allowed_by_its_own_name() -> None:
    name = "kontobro_northbook.connector:from_options"
    with installed():
        with pytest.raises(Misconfigured, match="not one that this service may load"):
            Registry(frozenset()).load(name, {})
        assert "kontobro_northbook" not in sys.modules
        assert Registry(frozenset([name])).load(name, {"anything": "goes"}).capabilities


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("CONNECTOR = 7", "is not a kontobro.erp.kit.registration.Registration"),
        ("", "AttributeError"),
        ("1 +", "SyntaxError"),
        (WHOLE.format("broken", ", options=(Option('Server', 's'),)"), "option 'Server': a name has"),
        (WHOLE.format("broken", ", options=(Option('a', 'A', 'colour'),)"), "kind 'colour' is not one of"),
        (WHOLE.format("broken", ", options=('server',)"), "an option is a str, not an Option"),
        (WHOLE.format("broken", ", options=(Option('a', 'A'),) * 2"), "option a is declared twice"),
    ],
)
def test_a_broken_package_is_named_in_one_line_and_harms_no_other(tmp_path: Path, code: str, said: str) -> None:
    write_package(tmp_path, "broken", "broken = kontobro_broken:CONNECTOR", code)
    with installed(tmp_path), installed():
        registry = Registry()
        assert registry.names() == ["beancount", "csv", "datev", "fec", "northbook", "odoo", "sie", "tryton", "xlsx"]
        (line,) = registry.faults()
        assert line.startswith("The connector package kontobro-broken can't be loaded: ")
        assert said in line
        assert "\n" not in line
        with pytest.raises(Misconfigured, match="kontobro-broken can't be loaded"):
            registry.load("broken", {})


@pytest.mark.parametrize("entry", ["nonsense without a sign", "= x:y", "bad name! = kontobro_odd:CONNECTOR"])
def test_a_broken_entry_point_harms_no_other(tmp_path: Path, entry: str) -> None:
    write_package(tmp_path, "odd", entry, WHOLE.format("odd", ""))
    with installed(tmp_path), installed():
        assert Registry().names() == ["beancount", "csv", "datev", "fec", "northbook", "odoo", "sie", "tryton", "xlsx"]
        assert "kontobro-odd" in " ".join(Registry().faults())


def test_a_name_belongs_to_one_package(tmp_path: Path) -> None:
    for name, entry in (("one", "odoo"), ("two", "same"), ("three", "same")):
        write_package(tmp_path, name, f"{entry} = kontobro_{name}:CONNECTOR", WHOLE.format(name, ""))
    with installed(tmp_path):
        registry = Registry()
        assert registry.names() == ["beancount", "csv", "datev", "fec", "odoo", "sie", "tryton", "xlsx"]
        assert registry.label("odoo") == "Odoo"
        said = " ".join(registry.faults())
        assert "The package kontobro-one registers the connector odoo, which is Kontobro's own" in said
        assert "both register the connector same: remove one." in said


def test_an_unknown_name_lists_what_is_installed_and_how_to_register(tmp_path: Path) -> None:
    write_package(tmp_path, "broken", "broken = kontobro_broken:CONNECTOR", "import no_such_library")
    with installed(tmp_path), installed(), pytest.raises(Misconfigured) as fault:
        Registry().get("wrong")
    assert fault.value.message == 'There is no connector "wrong".'
    for said in (
        "beancount, csv, datev, fec, northbook, odoo, sie, tryton, xlsx",
        "kontobro.connectors",
        "writing-one.md",
        "kontobro-broken",
    ):
        assert said in fault.value.remedy


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"region": "eu"}, 'The option "server" (`server`) is missing. Set `server`. --erp-option server=VALUE'),
        ({**BOOKS, "servr": "x"}, "no option servr. Options are server, region, archive, note, company."),
        ({**BOOKS, "region": "mars"}, '"mars", which is not one of its values. Set it to one of: eu, us.'),
        ({**BOOKS, "token": "x"}, "no option token"),
    ],
)
def test_options_are_checked_before_the_connector_is_made(options: dict[str, str], said: str) -> None:
    with installed(), pytest.raises(Misconfigured) as fault:
        Registry().load("northbook", options)
    assert said in f"{fault.value.message} {fault.value.remedy} {fault.value.command}"


def test_a_connector_gets_its_own_secrets_alone() -> None:
    asked: list[str] = []
    with installed():
        connector = Registry().load("northbook", BOOKS, lambda name: asked.append(name) or "x")  # type: ignore[func-returns-value]
        own = connector._connector.secrets  # type: ignore[attr-defined]
        assert own("token") == "x"
        assert [own(name) for name in (*FROM_PLEO, "password", "pleo.tokens")] == [None] * (len(FROM_PLEO) + 2)
        dotted = Registry().load("kontobro_northbook.connector:from_options", {}, lambda name: "x")
        assert [dotted._connector.secrets(name) for name in FROM_PLEO] == [None] * len(FROM_PLEO)  # type: ignore[attr-defined]
    assert asked == ["token"]


def test_a_factory_that_breaks_is_its_own_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    code = WHOLE.format("raw", "") + "\ndef from_options(options):\n    raise KeyError('a sec' + 'ret')\n"
    write_package(tmp_path, "raw", "raw = kontobro_raw:CONNECTOR", code)
    with installed(tmp_path), pytest.raises(ConnectorFault) as fault:
        Registry().load("raw", {})
    assert "a secret" not in f"{fault.value} {caplog.text}"


def test_a_library_that_is_missing_says_what_to_install(tmp_path: Path) -> None:
    code = WHOLE.format("far", "").replace("kontobro_far:from", "no_such_library:from")
    write_package(tmp_path, "far", "far = kontobro_far:CONNECTOR", code)
    with installed(tmp_path):
        assert not Registry().is_installed("far")
        with pytest.raises(Misconfigured) as fault:
            Registry().load("far", {})
    assert (fault.value.remedy, "no_such_library" in fault.value.message) == ("pip install kontobro-far.", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "webhook", "label": "x", "kind": "secret"},
        {"name": "company", "label": "x", "kind": "address", "required": False},
        {"name": "a", "label": "x", "kind": "choice"},
        {"name": "a", "label": "x", "choices": (("1", "one"),)},
        {"name": "a", "label": ""},
    ],
)
def test_an_option_that_can_not_be_asked_for_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="option"):
        Option(**wrong)  # type: ignore[arg-type]


def test_a_registration_names_its_factory() -> None:
    with pytest.raises(ValueError, match=r"package\.module:function"):
        Registration(label="x", factory="package.module", install="pip install x")


def test_the_folder_is_not_on_the_path_of_other_tests() -> None:
    assert str(OUTSIDE) not in sys.path
