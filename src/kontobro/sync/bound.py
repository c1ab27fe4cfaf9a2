"""The bindings of one connection while a plan is carried out: read once a kind, then kept up with what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.ports import Store


class Bound:
    """Every write goes to the store at once; the copy here spares reading it again for each record."""

    def __init__(self, store: Store, connection_id: str) -> None:
        self._store = store
        self._connection_id = connection_id
        self._by_erp: dict[MasterKind, dict[str, Binding]] = {}
        self._owners: dict[MasterKind, dict[str, str]] = {}

    def of(self, kind: MasterKind) -> Mapping[str, Binding]:
        """Bindings by the accounting system's id."""
        return self._read(kind)

    def at_pleo(self, kind: MasterKind, pleo_id: str) -> Binding | None:
        by_erp = self._read(kind)
        return by_erp.get(self._owners[kind].get(pleo_id, ""))

    def has(self, kind: MasterKind, pleo_id: str) -> bool:
        self._read(kind)
        return pleo_id in self._owners[kind]

    def bind(self, bindings: Sequence[Binding]) -> None:
        """Write them, all of one kind, in one transaction."""
        if not bindings:
            return
        by_erp, owners = self._read(bindings[0].kind), self._owners[bindings[0].kind]
        self._store.bind(self._connection_id, bindings)
        for binding in bindings:
            if binding.pleo_id:
                previous = owners.get(binding.pleo_id)
                if previous not in (None, binding.erp_id):
                    by_erp.pop(previous or "", None)
                owners[binding.pleo_id] = binding.erp_id
            by_erp[binding.erp_id] = binding

    def unbind(self, kind: MasterKind, erp_ids: Sequence[str]) -> None:
        if erp_ids:
            self._store.unbind(self._connection_id, kind, erp_ids)
            for erp_id in erp_ids:
                self._read(kind).pop(erp_id, None)

    def _read(self, kind: MasterKind) -> dict[str, Binding]:
        if kind not in self._by_erp:
            rows = self._store.bindings(self._connection_id, kind)
            self._by_erp[kind] = {binding.erp_id: binding for binding in rows}
            self._owners[kind] = {binding.pleo_id: binding.erp_id for binding in rows if binding.pleo_id}
        return self._by_erp[kind]
