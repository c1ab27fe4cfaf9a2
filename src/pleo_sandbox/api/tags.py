"""Tags v0: of a group, by search, in bulk, and their values in further dimensions (api.md C)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pleo_sandbox import paging
from pleo_sandbox.company.shelf import Keep, Record
from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Text, Uuid, given
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply


class TagBody(Body, kw_only=True):
    archived: bool
    code: Text
    name: str | UnsetType = UNSET
    other_dimension_values: list[str] | UnsetType = UNSET

    def facts(self) -> Json:
        known = {"archived": self.archived, "code": self.code, "name": self.name}
        return {name: value for name, value in known.items() if value is not UNSET}

    def values(self) -> list[str]:
        return given(self.other_dimension_values) or []


class TagSearch(Body):
    archived: bool | UnsetType = UNSET
    include_archived: bool | UnsetType = UNSET
    tag_group_ids: list[Uuid] | UnsetType = UNSET
    tag_ids: list[Uuid] | UnsetType = UNSET
    text_search: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        checks.no_twins("tagGroupIds", given(self.tag_group_ids))
        checks.no_twins("tagIds", given(self.tag_ids))

    def keep(self) -> Keep:
        """Without a word on archived tags only active ones are shown."""
        archived = given(self.archived)
        both = archived is None and given(self.include_archived) is True
        groups, ids = checks.folded(self.tag_group_ids), checks.folded(self.tag_ids)
        text = (given(self.text_search) or "").casefold()

        def kept(tag: Record) -> bool:
            return (
                (both or tag.archived is (archived or False))
                and (not groups or tag.facts["groupId"] in groups)
                and (not ids or tag.id in ids)
                and (not text or text in f"{tag.facts['code']}\n{tag.facts.get('name', '')}".casefold())
            )

        return kept


class BulkDelete(Body):
    company_id: Uuid
    tag_ids: Annotated[list[Uuid], Meta(min_length=1, max_length=100)]


class BulkArchive(Body):
    company_id: Uuid
    archived: bool
    tag_ids: Annotated[list[Uuid], Meta(min_length=1, max_length=100)]


class DimensionValue(Body):
    value: str


# tags of a group


def list_tags(call: Call) -> Response:
    call.only("include_archived", paged=True)
    wanted = call.window()
    archived = checks.flag(call.query, "include_archived")
    group = call.find(call.sandbox.tags.groups, "groupId")

    def keep(tag: Record) -> bool:
        return tag.facts["groupId"] == group.id and (archived or not tag.archived)

    return reply(call.sandbox.tags.tags.page(group.company_id, wanted, keep))


def create_tag(call: Call) -> Response:
    call.only()
    body = call.body(TagBody)
    group = call.find(call.sandbox.tags.groups, "groupId")
    return reply({"data": call.sandbox.tags.create(group, body.facts(), body.values()).as_json()}, 201)


# one tag


def _tag(call: Call) -> Record:
    call.only()
    return call.find(call.sandbox.tags.tags, "tagId")


def get_tag(call: Call) -> Response:
    return reply({"data": _tag(call).as_json()})


def update_tag(call: Call) -> Response:
    body = call.body(TagBody)
    return reply({"data": call.sandbox.tags.replace(_tag(call), body.facts(), body.values()).as_json()})


def delete_tag(call: Call) -> Response:
    call.sandbox.tags.remove(_tag(call))
    return empty(204)


# many tags


def bulk_delete(call: Call) -> Response:
    call.only()
    body = call.body(BulkDelete)
    for tag in _all_of(call, body.company_id, body.tag_ids):
        call.sandbox.tags.remove(tag)
    return empty(204)


def bulk_archive(call: Call) -> Response:
    call.only()
    body = call.body(BulkArchive)
    tags = _all_of(call, body.company_id, body.tag_ids)
    call.sandbox.tags.archive(tags, body.archived)
    return reply({"data": [tag.as_json() for tag in tags]})


def _all_of(call: Call, company_id: str, tag_ids: list[str]) -> list[Record]:
    """All of the tags or none: PleoError 404, 403."""
    company_id = call.company(company_id.lower())
    tags = [call.sandbox.tags.tags.find(tag_id) for tag_id in dict.fromkeys(map(str.lower, tag_ids))]
    for tag in tags:
        if tag.company_id != company_id:
            raise forbidden(f"tag {tag.id} is not company {company_id}'s")
    return tags


def search(call: Call) -> Response:
    call.only("company_id", "organization_id", paged=True)
    wanted = call.window()
    companies = call.named_companies()
    return reply(_found(call, companies, wanted, call.body_or_nothing(TagSearch).keep()))


def old_search(call: Call) -> Response:
    """Deprecated: the same search by query."""
    call.only("company_id", "text_search", "tag_group_id", "include_archived", paged=True)
    wanted = call.window()
    asked = TagSearch(
        include_archived=checks.flag(call.query, "include_archived"),
        tag_group_ids=sorted(checks.query_uuids(call.query, "tag_group_id")),
        text_search=checks.single(call.query, "text_search") or "",
    )
    return reply(_found(call, frozenset({call.named_company()}), wanted, asked.keep()))


def _found(call: Call, companies: frozenset[str], wanted: paging.Window, keep: Keep) -> Json:
    tags = call.sandbox.tags.tags
    if len(companies) == 1:
        return tags.page(next(iter(companies)), wanted, keep)
    return tags.page_of_all(wanted, lambda tag: tag.company_id in companies and keep(tag))


def aggregated(call: Call) -> Response:
    call.only("company_id", paged=True)
    wanted = call.window()
    company_id = call.named_company()
    keep = call.body_or_nothing(TagSearch).keep()
    return reply(call.sandbox.tags.tags.page(company_id, wanted, keep, lambda tag: _aggregated(call, tag)))


def _aggregated(call: Call, tag: Record) -> Json:
    group = call.sandbox.tags.groups.find(tag.facts["groupId"])
    shown = {name: value for name, value in tag.as_json().items() if name != "groupId"}
    values = {value.facts["dimensionId"]: value.facts["value"] for value in call.sandbox.tags.values_of(tag)}
    dimensions = [
        {"id": each.id, "value": values.get(each.id, "")}
        | {name: each.facts[name] for name in ("code", "name", "displayOrder", "visible")}
        for each in call.sandbox.tags.dimensions_of(group)
    ]
    named = {"id": group.id, "code": group.facts["code"], "name": group.facts["name"]}
    return shown | {"companyId": tag.company_id, "dimensions": dimensions, "group": named}


# values of a tag


def list_values(call: Call) -> Response:
    return reply({"data": [_value_json(value) for value in call.sandbox.tags.values_of(_tag(call))]})


def _value_json(value: Record) -> Json:
    return {name: known for name, known in value.as_json().items() if name != "id"}


def _place(call: Call) -> tuple[Record, Record]:
    """The tag and the dimension of its group that the path names. Raises PleoError 404."""
    tag = _tag(call)
    dimension = call.find(call.sandbox.tags.dimensions, "dimensionId")
    if dimension.facts["groupId"] != tag.facts["groupId"]:
        raise PleoError(404, "DIMENSION_NOT_FOUND", f"{dimension.id} is not a dimension of the group of tag {tag.id}")
    return tag, dimension


def get_value(call: Call) -> Response:
    return reply({"data": _value_json(call.sandbox.tags.value(*_place(call)))})


def create_value(call: Call) -> Response:
    """A value that is there is replaced: every tag may have an empty one, and Pleo names no refusal."""
    body = call.body(DimensionValue)
    return reply({"data": _value_json(call.sandbox.tags.set_value(*_place(call), body.value))})


def update_value(call: Call) -> Response:
    body = call.body(DimensionValue)
    tag, dimension = _place(call)
    call.sandbox.tags.value(tag, dimension)
    return reply({"data": _value_json(call.sandbox.tags.set_value(tag, dimension, body.value))})


def delete_value(call: Call) -> Response:
    value = call.sandbox.tags.value(*_place(call))
    call.sandbox.tags.values.remove(value)
    return reply({"data": _value_json(value)})


def _operation(method: str, path: str, work: Callable[[Call], Response], permission: str) -> Operation:
    return Operation(method, f"/v0/{path}", work, f"tag-groups:{permission}")


OPERATIONS = (
    _operation("GET", "tag-groups/{groupId}/tags", list_tags, "read"),
    _operation("POST", "tag-groups/{groupId}/tags", create_tag, "write"),
    _operation("GET", "tags", old_search, "read"),
    _operation("DELETE", "tags", bulk_delete, "write"),
    _operation("POST", "tags/archive", bulk_archive, "write"),
    _operation("POST", "tags:search", search, "read"),
    _operation("GET", "tags/{tagId}", get_tag, "read"),
    _operation("PUT", "tags/{tagId}", update_tag, "write"),
    _operation("DELETE", "tags/{tagId}", delete_tag, "write"),
    _operation("GET", "tags/{tagId}/dimensions", list_values, "read"),
    _operation("GET", "tags/{tagId}/dimensions/{dimensionId}", get_value, "read"),
    _operation("POST", "tags/{tagId}/dimensions/{dimensionId}", create_value, "write"),
    _operation("PUT", "tags/{tagId}/dimensions/{dimensionId}", update_value, "write"),
    _operation("DELETE", "tags/{tagId}/dimensions/{dimensionId}", delete_value, "write"),
    _operation("POST", "aggregations/tags", aggregated, "read"),
)
