"""What a store promises of master data: bindings, and how syncs went."""

from __future__ import annotations

import signal
from dataclasses import replace

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.ports import Store
from tests.support.store_contract.case import DAY, ELSEWHERE, HERE, NOW, PATIENCE, StoreCase


def binding(erp_id: str, pleo_id: str | None, kind: MasterKind = "vendors", code: str = "V1") -> Binding:
    return Binding(kind, erp_id, pleo_id, "created", code, "name:0f")


class BindingsContract(StoreCase):
    """Part of `StoreContract`."""

    def test_keeps_bindings_whole_by_kind_and_connection(self, connected: Store) -> None:
        intent, adopted = binding("e2", None), replace(binding("e3", "p3"), origin="adopted")
        connected.bind(HERE, [binding("e1", "p1"), intent, adopted])
        connected.bind(HERE, [binding("e1", "p1", "accounts")])
        assert connected.bindings(HERE, "vendors") == [binding("e1", "p1"), intent, adopted]
        assert connected.bindings(HERE, "accounts") == [binding("e1", "p1", "accounts")]
        assert (connected.bindings(HERE, "tags"), connected.bindings(ELSEWHERE, "vendors")) == ([], [])

    def test_binding_again_replaces(self, connected: Store) -> None:
        connected.bind(HERE, [binding("e1", None)])
        connected.bind(HERE, [binding("e1", "p1", code="V2")])
        assert connected.bindings(HERE, "vendors") == [binding("e1", "p1", code="V2")]

    def test_a_record_at_pleo_has_one_binding_the_latest(self, connected: Store) -> None:
        connected.bind(HERE, [binding("e1", "p1"), binding("e2", "p2")])
        connected.bind(HERE, [binding("e3", "p1")])
        assert {it.erp_id: it.pleo_id for it in connected.bindings(HERE, "vendors")} == {"e2": "p2", "e3": "p1"}

    def test_bindings_may_swap(self, connected: Store) -> None:
        connected.bind(HERE, [binding("e1", "p1"), binding("e2", "p2")])
        connected.bind(HERE, [binding("e1", "p2"), binding("e2", "p1")])
        assert {it.erp_id: it.pleo_id for it in connected.bindings(HERE, "vendors")} == {"e1": "p2", "e2": "p1"}

    def test_many_intents_may_stand_side_by_side(self, connected: Store) -> None:
        connected.bind(HERE, [binding(f"e{n}", None) for n in range(1200)])
        connected.bind(HERE, [binding(f"e{n}", f"p{n}") for n in range(1200)])
        connected.unbind(HERE, "vendors", [f"e{n}" for n in range(1, 1200)])
        assert connected.bindings(HERE, "vendors") == [binding("e0", "p0")]

    def test_unbinding_spares_other_kinds_and_connections(self, connected: Store) -> None:
        for connection_id, kind in ((HERE, "vendors"), (HERE, "accounts"), (ELSEWHERE, "vendors")):
            connected.bind(connection_id, [binding("e1", "p1", kind)])  # type: ignore[arg-type]  # kinds, as texts
        connected.unbind(HERE, "vendors", ["e1", "unknown"])
        left = [connected.bindings(HERE, "accounts"), connected.bindings(ELSEWHERE, "vendors")]
        assert (connected.bindings(HERE, "vendors"), [len(rows) for rows in left]) == ([], [1, 1])

    def test_an_intent_of_a_killed_process_stands(self, connected: Store) -> None:
        code = "from kontobro.core.plan.make import Binding; import os, signal\n"
        code += f"store.bind({HERE!r}, [Binding('vendors', 'e1', None, 'created', 'V1', 'name:0f')])\n"
        code += "os.kill(os.getpid(), signal.SIGKILL)"
        with self.process(connected, code) as killed:
            assert killed.wait(PATIENCE) == -signal.SIGKILL
        assert connected.bindings(HERE, "vendors") == [binding("e1", None)]

    def test_remembers_the_latest_sync_of_each_kind(self, connected: Store) -> None:
        connected.note_sync(HERE, "vendors", "failed", "", NOW)
        connected.note_sync(HERE, "vendors", "waiting", "vendors-1", NOW + DAY)
        connected.note_sync(HERE, "tags", "in_step", "dimensions-2", NOW)
        latest = {"vendors": (NOW + DAY, "waiting", "vendors-1"), "tags": (NOW, "in_step", "dimensions-2")}
        assert connected.syncs(HERE) == latest
        assert connected.syncs(ELSEWHERE) == {}
