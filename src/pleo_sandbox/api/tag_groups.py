"""Tag groups, their dimensions, usage and aggregation v0 (api.md C). What Pleo answers by `default` is 200 here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from pleo_sandbox.company.shelf import Record
from pleo_sandbox.errors import PleoError
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Text
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class CreateTagGroup(Body, kw_only=True):
    archived: bool
    code: Text
    name: Text
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class UpdateTagGroup(Body):
    archived: bool
    code: Text
    name: Text
    metadata: dict[str, str]


class CreateDimension(Body):
    code: Text
    name: Text
    visible: bool
    display_order: Int32 | None = None


class UpdateDimension(Body):
    code: Text
    name: Text
    visible: bool
    display_order: Int32


# groups


def list_groups(call: Call) -> Response:
    """Not in pages: all at once."""
    call.only("company_id", "organization_id", "include_archived", "include_tags_count")
    companies = call.named_companies()
    archived, counted = (checks.flag(call.query, name) for name in ("include_archived", "include_tags_count"))
    groups = [group for group in _groups(call, companies) if archived or not group.archived]
    return reply({"data": [_counted(call, group) if counted else group.as_json() for group in groups]})


def _groups(call: Call, companies: frozenset[str]) -> list[Record]:
    return [group for company_id in sorted(companies) for group in call.sandbox.tags.groups.of(company_id)]


def _counted(call: Call, group: Record) -> Json:
    return group.as_json() | {"totalTagsCount": sum(1 for _ in call.sandbox.tags.tags_of(group))}


def create_group(call: Call) -> Response:
    """Pleo names no refusal of a code that another group has: see Rules.twins_are_refused."""
    call.only("company_id")
    company_id = call.named_company()
    facts = {"companyId": company_id, **msgspec.to_builtins(call.body(CreateTagGroup))}
    call.sandbox.tags.check_group(company_id, facts)
    return reply({"data": call.sandbox.tags.groups.add(company_id, facts).as_json()})


def _group(call: Call) -> Record:
    call.only()
    return call.find(call.sandbox.tags.groups, "groupId")


def get_group(call: Call) -> Response:
    return reply({"data": _group(call).as_json()})


def update_group(call: Call) -> Response:
    body = call.body(UpdateTagGroup)
    group = _group(call)
    facts = {"companyId": group.company_id, **msgspec.to_builtins(body)}
    call.sandbox.tags.check_group(group.company_id, facts, but=group)
    return reply({"data": call.sandbox.tags.groups.change(group, facts).as_json()})


def delete_group(call: Call) -> Response:
    call.sandbox.tags.remove_group(_group(call))
    return empty(204)


def usage(call: Call) -> Response:
    group = _group(call)
    company = call.sandbox.exports.companies[group.company_id]
    return reply({"data": {"usages": call.sandbox.tags.usages(group, company)}})


# their dimensions


def list_dimensions(call: Call) -> Response:
    return reply({"data": [each.as_json() for each in call.sandbox.tags.dimensions_of(_group(call))]})


def create_dimension(call: Call) -> Response:
    body = call.body(CreateDimension)
    return reply({"data": call.sandbox.tags.add_dimension(_group(call), msgspec.to_builtins(body)).as_json()})


def _dimension(call: Call) -> Record:
    group = _group(call)
    dimension = call.find(call.sandbox.tags.dimensions, "dimensionId")
    if dimension.facts["groupId"] != group.id:
        raise PleoError(404, "DIMENSION_NOT_FOUND", f"{dimension.id} is not a dimension of group {group.id}")
    return dimension


def get_dimension(call: Call) -> Response:
    return reply({"data": _dimension(call).as_json()})


def update_dimension(call: Call) -> Response:
    body = call.body(UpdateDimension)
    dimension = _dimension(call)
    facts = {"groupId": dimension.facts["groupId"], **msgspec.to_builtins(body)}
    return reply({"data": call.sandbox.tags.dimensions.change(dimension, facts).as_json()})


def delete_dimension(call: Call) -> Response:
    call.sandbox.tags.remove_dimension(_dimension(call))
    return empty(204)


# groups and dimensions in one


def aggregated_groups(call: Call) -> Response:
    call.only("company_id", "organization_id", "tag_group_ids")
    wanted = checks.query_uuids(call.query, "tag_group_ids")
    groups = [group for group in _groups(call, call.named_companies()) if not wanted or group.id in wanted]
    return reply({"data": [_aggregated(call, group) for group in groups]})


def _aggregated(call: Call, group: Record) -> Json:
    dimensions = [_without(each, "groupId") for each in call.sandbox.tags.dimensions_of(group)]
    return {**_without(group, "metadata"), "dimensions": dimensions}


def _without(record: Record, name: str) -> Json:
    return {known: value for known, value in record.as_json().items() if known != name}


_GROUP = "/v0/tag-groups/{groupId}"
_DIMENSION = _GROUP + "/dimensions/{dimensionId}"
OPERATIONS = (
    Operation("GET", "/v0/tag-groups", list_groups, "tag-groups:read"),
    Operation("POST", "/v0/tag-groups", create_group, "tag-groups:write"),
    Operation("GET", _GROUP, get_group, "tag-groups:read"),
    Operation("PUT", _GROUP, update_group, "tag-groups:write"),
    Operation("DELETE", _GROUP, delete_group, "tag-groups:write"),
    Operation("GET", _GROUP + "/usage", usage, "tag-groups:read"),
    Operation("GET", _GROUP + "/dimensions", list_dimensions, "tag-groups:read"),
    Operation("POST", _GROUP + "/dimensions", create_dimension, "tag-groups:write"),
    Operation("GET", _DIMENSION, get_dimension, "tag-groups:read"),
    Operation("PUT", _DIMENSION, update_dimension, "tag-groups:write"),
    Operation("DELETE", _DIMENSION, delete_dimension, "tag-groups:write"),
    Operation("GET", "/v0/aggregations/tag-groups", aggregated_groups, "tag-groups:read"),
)
