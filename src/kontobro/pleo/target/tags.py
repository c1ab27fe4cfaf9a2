"""Tag groups and tags at Pleo (v0): groups in one list, tags in pages and archived in hundreds (`pleo/api.md` C)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from kontobro.core.batches import parts
from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.plan.make import Desired, Existing
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.answers import Single, read
from kontobro.pleo.http.calls import Calls, Params
from kontobro.pleo.http.faults import RefusedByPleo
from kontobro.pleo.target.records import Answer, Kept, Records, Request, WireRecord, refusal_as_problem
from kontobro.pleo.target.spelling import code_of, name_of

MOST_ARCHIVED: Final = 100
GROUP, TAG, KEY = "tag group", "tag", "code"


class WireGroup(WireRecord, kw_only=True):
    code: str
    name: str
    archived: bool
    metadata: msgspec.Raw = msgspec.Raw()


class WireTag(WireRecord, kw_only=True):
    group_id: str
    code: str
    archived: bool
    name: str | None = None

    def to_core(self) -> Existing:
        return Existing(
            id=self.id, code=code_of(self.code), name=name_of(self.name), archived=self.archived, parent=self.group_id
        )


class TagGroups:
    def __init__(self, calls: Calls, company_id: str) -> None:
        self._records = Records(calls, company_id, WireGroup, self._existing)
        self._company: Params = {"company_id": company_id}
        self._kept = Kept(partial(self._records.one, endpoints.TAG_GROUP))

    def read(self) -> list[Existing]:
        """The one list that has no pages."""
        params = {**self._company, "include_archived": "true"}
        response = self._records.calls.again(endpoints.TAG_GROUPS, params=params)
        groups = read(response, endpoints.TAG_GROUPS, Single[list[WireGroup]]).data
        return [self._existing(wire) for wire in groups]

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]:
        return [self._create(wanted) for wanted in records]

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]:
        return [self._put(existing.id, wanted.code, wanted.name) for existing, wanted in changes]

    def archive(self, records: Sequence[Existing]) -> list[Answer]:
        return [self._put(found.id, found.code, found.name, archived=True) for found in records]

    def _create(self, wanted: Desired) -> Answer:
        body = {**_body(wanted.code, wanted.name), "metadata": {}}
        return self._records.create(endpoints.CREATE_TAG_GROUP, Request(GROUP, KEY, body, params=self._company))

    def _put(self, id: str, code: str, name: str, archived: bool = False) -> Answer:
        """Metadata are required and replaced: what someone keeps there goes back as it came."""
        body = _body(code, name, archived)
        request = Request(GROUP, KEY, body, id)
        metadata = refusal_as_problem(request, lambda: self._kept.metadata(id))
        if isinstance(metadata, Problem):
            return metadata
        body["metadata"] = {} if metadata is None else metadata
        return self._records.change(endpoints.UPDATE_TAG_GROUP, request)

    def _existing(self, wire: WireGroup) -> Existing:
        self._kept.remember(wire.id, wire.metadata)
        return Existing(id=wire.id, code=code_of(wire.code), name=name_of(wire.name), archived=wire.archived)


class Tags:
    def __init__(self, calls: Calls, company_id: str) -> None:
        self._records = Records(calls, company_id, WireTag, WireTag.to_core)

    def read(self) -> list[Existing]:
        """The tags of all groups in one list: fewer calls than a list for each group."""
        params = {"company_id": self._records.company_id}
        body = {"includeArchived": True}
        return list(self._records.listed(endpoints.TAGS, params=params, body=body))

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]:
        return [self._create(wanted, parents.get(wanted.parent or "")) for wanted in records]

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]:
        """Those that only have to be unarchived go a hundred at a time, the others one by one."""
        asleep = [existing for existing, wanted in changes if _only_archived(existing, wanted)]
        awake = dict(zip([tag.id for tag in asleep], self._set_archived(asleep, False), strict=True))
        return [
            awake[existing.id] if existing.id in awake else self._put(existing.id, wanted.code, wanted.name)
            for existing, wanted in changes
        ]

    def archive(self, records: Sequence[Existing]) -> list[Answer]:
        return self._set_archived(records, True)

    def _create(self, wanted: Desired, group: str | None) -> Answer:
        if group is None:
            return _no_group(wanted)
        request = Request(TAG, KEY, _body(wanted.code, wanted.name), id=group)
        return self._records.create(endpoints.CREATE_TAG, request)

    def _set_archived(self, tags: Sequence[Existing], archived: bool) -> list[Answer]:
        return [answer for part in parts(tags, MOST_ARCHIVED) for answer in self._set_part(part, archived)]

    def _set_part(self, tags: Sequence[Existing], archived: bool) -> Iterable[Answer]:
        """A hundred at once. What Pleo refuses or leaves out is written alone, so that it alone has the problem."""
        ids = [tag.id for tag in tags]
        body = {"companyId": self._records.company_id, "tagIds": ids, "archived": archived}
        try:
            response = self._records.calls.again(endpoints.ARCHIVE_TAGS, body=body)
            done = read(response, endpoints.ARCHIVE_TAGS, Single[list[WireTag]]).data
        except RefusedByPleo:
            done = []
        found = {wire.id: wire.to_core() for wire in done if wire.archived == archived}
        return [found.get(tag.id) or self._put(tag.id, tag.code, tag.name, archived) for tag in tags]

    def _put(self, id: str, code: str, name: str, archived: bool = False) -> Answer:
        return self._records.change(endpoints.UPDATE_TAG, Request(TAG, KEY, _body(code, name, archived), id))


def _body(code: str, name: str, archived: bool = False) -> dict[str, Any]:
    return {"archived": archived, "code": code_of(code), "name": name_of(name)}


def _only_archived(existing: Existing, wanted: Desired) -> bool:
    return existing.archived and (existing.code, existing.name) == (code_of(wanted.code), name_of(wanted.name))


def _no_group(wanted: Desired) -> Problem:
    return problem("tag_group_missing", "groupId", wanted.parent or "", tag=wanted.code)
