"""How a connector is found, and what becomes of what it should not raise."""

from __future__ import annotations

import logging

import pytest

from kontobro.core.errors import Busy, ConnectorFault, Misconfigured
from kontobro.core.model.masterdata import Account, Company
from kontobro.erp.kit.guard import guarded
from kontobro.erp.registry import OURS, Registry, load_connector
from kontobro.testing.connector.entries import Chart, a_journal
from kontobro.testing.connector.memory import MemoryConnector


def make_memory(options):
    return MemoryConnector()


class Broken(MemoryConnector):
    """Raises what a connector should not."""

    def check(self) -> Company:
        raise KeyError("secret payload")

    def read(self, kind):
        yield from list(super().read(kind))[:1]
        raise RuntimeError("page 2")

    def book(self, entries):
        return []

    def withdraw(self, bookings):
        raise Busy("somebody else")


def test_a_registered_connector_is_loaded_by_name(ledger):
    assert load_connector("beancount", {"ledger": str(ledger)}).check().name == "Fjord & Bro ApS"


def test_a_connector_of_ones_own_is_named_by_its_factory():
    assert load_connector(f"{__name__}:make_memory", {}).check().id == "C1"


@pytest.mark.parametrize(
    ("name", "options", "remedy"),
    [
        ("nonsense", {}, "Choose one of: beancount"),
        ("no.such.package:factory", {}, "Install the package"),
        (f"{__name__}:no_such_factory", {}, "Install the package"),
        ("beancount", {}, "Set `ledger`"),
        ("beancount", {"ledger": "x.beancount", "legder": "y.beancount"}, "Options are ledger, fava."),
    ],
)
def test_what_can_not_be_loaded_is_a_setting_to_mend(name, options, remedy):
    with pytest.raises(Misconfigured) as fault:
        load_connector(name, options)
    assert remedy in fault.value.remedy


def test_every_registered_connector_says_what_to_install():
    assert all(known.install.startswith("pip install") for known in map(Registry().get, OURS))


def test_a_stray_exception_becomes_a_fault_with_a_log_id(caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(ConnectorFault) as fault:
        guarded(Broken()).check()
    assert fault.value.log_id in caplog.text
    assert "KeyError" in caplog.text
    assert "secret payload" not in str(fault.value)


def test_a_reader_that_breaks_half_way_never_looks_complete():
    reading = iter(guarded(Broken()).read(Account))
    next(reading)
    with pytest.raises(ConnectorFault):
        next(reading)


def test_too_few_answers_are_a_fault():
    with pytest.raises(ConnectorFault):
        guarded(Broken()).book([a_journal(Chart())])


def test_faults_of_ours_pass_and_nothing_is_guarded_twice():
    connector = guarded(Broken())
    assert guarded(connector) is connector
    with pytest.raises(Busy):
        connector.withdraw([])
