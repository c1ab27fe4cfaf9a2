"""Tag groups, their further dimensions, tags, and the values of tags in those dimensions (api.md C)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.company.strictness import check_names
from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.model import Json, SandboxCompany
from pleo_sandbox.rules import Rules


def _keys(tag: Record) -> tuple[Hashable, ...]:
    """Codes are compared without regard to case, as Pleo's own rules for matching them do (rules.md §3)."""
    return (_key(tag.facts["groupId"], tag.facts["code"]),)


def _key(group_id: str, code: str) -> Hashable:
    return (group_id, code.casefold())


def _group_keys(group: Record) -> tuple[Hashable, ...]:
    return (_key(group.company_id, group.facts["code"]),)


class Tags:
    """All tags of all companies. A code is taken in its group by archived tags too: Pleo wants them unarchived."""

    def __init__(self, clock: Clock, rules: Rules) -> None:
        self.groups = Shelf(clock, "TAG_GROUP", _group_keys)
        self.dimensions = Shelf(clock, "DIMENSION")
        self.tags = Shelf(clock, "TAG", _keys)
        self.values = Shelf(clock, "DIMENSION_VALUE")
        self._rules = rules
        self._active: Counter[str] = Counter()

    # groups

    def check_group(self, company_id: str, facts: Json, but: Record | None = None) -> None:
        """Whether a group may be so. Raises PleoError 400: Pleo lists no 409 here, as it does for tags."""
        check_names(self._rules, facts)
        twin = self.groups.holder(_key(company_id, facts["code"]), but)
        if twin is not None and self._rules.twins_are_refused:
            message = f"code: {facts['code']!r} is the code of tag group {twin.id}"
            raise PleoError(400, "TAG_GROUP_ALREADY_EXISTS", message)

    def tags_of(self, group: Record) -> Iterable[Record]:
        return (tag for tag in self.tags.of(group.company_id) if tag.facts["groupId"] == group.id)

    def remove_group(self, group: Record) -> None:
        """The group goes with all that hangs on it."""
        for tag in list(self.tags_of(group)):
            self.remove(tag)
        for dimension in self.dimensions_of(group):
            self.remove_dimension(dimension)
        self.groups.remove(group)

    # dimensions beside code and name

    def dimensions_of(self, group: Record) -> list[Record]:
        """By display order."""
        found = [each for each in self.dimensions.of(group.company_id) if each.facts["groupId"] == group.id]
        return sorted(found, key=lambda each: int(each.facts["displayOrder"]))

    def add_dimension(self, group: Record, facts: Json, id_: str | None = None) -> Record:
        """It comes last: a display order that was sent is ignored."""
        others = self.dimensions_of(group)
        last = max((int(each.facts["displayOrder"]) for each in others), default=-1)
        return self.dimensions.add(group.company_id, {"groupId": group.id, **facts, "displayOrder": last + 1}, id_)

    def remove_dimension(self, dimension: Record) -> None:
        for tag in self.tags_of(self.groups.find(dimension.facts["groupId"])):
            if (value := self.values.get(_value_id(tag, dimension))) is not None:
                self.values.remove(value)
        self.dimensions.remove(dimension)

    # tags

    def create(self, group: Record, facts: Json, values: Iterable[str] = ()) -> Record:
        """A new tag; dimensions for which no value is given get an empty one. Raises PleoError 400, 409."""
        check_names(self._rules, facts)
        self._check_code(group.id, facts["code"])
        if not facts["archived"]:
            self._check_room(group.id)
        tag = self.put_in(group, facts)
        dimensions = self.dimensions_of(group)
        given = list(values) + [""] * len(dimensions)
        self._set_values(tag, dimensions, given)
        return tag

    def put_in(self, group: Record, facts: Json, id_: str | None = None) -> Record:
        """A new tag without a check: what is older than Pleo's rules is there as well."""
        self._active[group.id] += not facts["archived"]
        return self.tags.add(group.company_id, {"groupId": group.id, **facts}, id_)

    def replace(self, tag: Record, facts: Json, values: Iterable[str] = ()) -> Record:
        """Replace a tag; dimensions for which no value is given keep theirs. Raises PleoError 400, 409."""
        check_names(self._rules, facts)
        group_id = tag.facts["groupId"]
        if facts["code"].casefold() != tag.facts["code"].casefold():
            self._check_code(group_id, facts["code"])
        if tag.archived and not facts["archived"]:
            self._check_room(group_id)
        self._active[group_id] += tag.archived - facts["archived"]
        self.tags.change(tag, {"groupId": group_id, **facts})
        self._set_values(tag, self.dimensions_of(self.groups.find(group_id)), list(values))
        return tag

    def archive(self, tags: list[Record], archived: bool) -> None:
        """Archive or unarchive all of them or none. Raises PleoError 400 when a group has no room for more."""
        if not archived:
            for group_id, more in Counter(tag.facts["groupId"] for tag in tags if tag.archived).items():
                self._check_room(group_id, more)
        for tag in tags:
            self._active[tag.facts["groupId"]] += tag.archived - archived
            self.tags.change(tag, tag.facts | {"archived": archived})

    def remove(self, tag: Record) -> None:
        for value in self.values_of(tag):
            self.values.remove(value)
        self._active[tag.facts["groupId"]] -= not tag.archived
        self.tags.remove(tag)

    def _check_code(self, group_id: str, code: str) -> None:
        twin = self.tags.holder(_key(group_id, code))
        if twin is not None:
            raise PleoError(409, "TAG_ALREADY_EXISTS", f"code: {code!r} is the code of tag {twin.id} in this group")

    def _check_room(self, group_id: str, more: int = 1) -> None:
        if self._active[group_id] + more > self._rules.max_active_tags:
            raise bad_body(f"the tag group has the maximum number of active tags, {self._rules.max_active_tags}")

    # values of tags in the further dimensions

    def _set_values(self, tag: Record, dimensions: list[Record], values: list[str]) -> None:
        for dimension, value in zip(dimensions, values, strict=False):
            self.set_value(tag, dimension, value)

    def set_value(self, tag: Record, dimension: Record, value: str) -> Record:
        facts = {"tagId": tag.id, "dimensionId": dimension.id, "value": value}
        known = self.values.get(_value_id(tag, dimension))
        if known is not None:
            return self.values.change(known, facts)
        return self.values.add(tag.company_id, facts, _value_id(tag, dimension))

    def value(self, tag: Record, dimension: Record) -> Record:
        """Raises PleoError 404."""
        return self.values.find(_value_id(tag, dimension))

    def values_of(self, tag: Record) -> list[Record]:
        dimensions = self.dimensions_of(self.groups.find(tag.facts["groupId"]))
        found = (self.values.get(_value_id(tag, dimension)) for dimension in dimensions)
        return [value for value in found if value is not None]

    def usages(self, group: Record, company: SandboxCompany) -> list[Json]:
        """How many lines of the company's expenses carry each tag."""
        counts = Counter(
            tag["id"]
            for expense in company.expenses
            for line in expense.item["accountingEntryLines"]
            for tag in line.get("tags") or ()
        )
        return [{"id": tag.id, "count": counts[tag.id]} for tag in self.tags_of(group)]


def _value_id(tag: Record, dimension: Record) -> str:
    return f"{tag.id}/{dimension.id}"
