"""Problems by their cause, counted by the database: their JSON never leaves it but for a few examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import BooleanField, F, Func, Value

from kontobro.core.model.journal import Reference
from kontobro.store.read.among import among_sql, array_of
from kontobro.store.read.pages import ProblemGroup, ProblemPage, Search, Stopped
from kontobro.store.secrets.codec import problems_from

FACT: Mapping[str, str] = {"sqlite": "json_extract(told.value, '$.{}')", "postgresql": "(told.value ->> '{}')"}
"""How each database takes a fact out of a problem."""

CODES: Mapping[str, str] = {
    "sqlite": "IN (SELECT value FROM json_each(%(codes)s))",
    "postgresql": "= ANY (%(codes)s::text[])",
}
"""What follows the code where a search means it."""

FAILED = "booking.connection_id {owners} AND booking.outcome = 'failed'"
ONCE = """NOT (
                booking.reference LIKE '%%/pay' AND EXISTS (
                    SELECT 1 FROM kontobro_booking AS first
                    WHERE first.connection_id = booking.connection_id AND first.outcome = 'failed'
                        AND first.reference = replace(booking.reference, '/pay', '')
                )
            )"""
"""A payment counts only where its item's first entry did not fail as well: an item is told once."""

# SQLite: items that were told the same are alike; few of each are taken apart and shown, however many there are.
GROUPS = """
    WITH alike AS (
        SELECT * FROM (
            SELECT booking.id, booking.problems, booking.updated_at, {named} AS named, count(*) OVER same AS number,
                row_number() OVER (PARTITION BY problems, {named} ORDER BY updated_at DESC, id DESC) AS nth
            FROM kontobro_booking AS booking
            WHERE {failed} AND {once}
            WINDOW same AS (PARTITION BY problems, {named})
        ) AS failed WHERE nth <= %(items)s
    ), told AS (
        SELECT alike.id, alike.updated_at, CASE WHEN nth = 1 THEN number ELSE 0 END AS number, named,
            told.value AS problem, {code} AS code, {field} AS field, {value} AS value
        FROM alike CROSS JOIN json_each(alike.problems) AS told WHERE named OR {meant}
    ), counted AS (
        SELECT told.*, sum(number) OVER cause AS items, max(updated_at) OVER cause AS newest,
            row_number() OVER (PARTITION BY code, field, value ORDER BY updated_at DESC, id DESC) AS place
        FROM told WINDOW cause AS (PARTITION BY code, field, value)
    ), ranked AS (
        SELECT counted.*, dense_rank() OVER (ORDER BY items DESC, newest DESC, code, field, value) AS rank
        FROM counted WHERE place <= %(items)s
    )
    SELECT rank, items, newest, problem, connection_id, reference, item_type, payee, date, total, currency,
        (SELECT max(rank) FROM ranked), (SELECT sum(items) FROM ranked WHERE place = 1)
    FROM ranked JOIN kontobro_booking AS booking ON booking.id = ranked.id
    WHERE rank > %(start)s AND rank <= %(stop)s ORDER BY rank, place
"""

# PostgreSQL: the index `kontobro_told_alike` counts what is alike, all of it and those whose payee a search means, and
# finds the newest of each; besides those that are shown, one booking is read of all that are alike. The index is
# chosen without regard to what only payments are asked: OFFSET sees to it.
ALIKE = """
    WITH alike AS (
        SELECT alike, count(*) AS number, max(updated_at) AS newest, max(id) AS id,
            count(*) FILTER (WHERE named) AS named_number, max(updated_at) FILTER (WHERE named) AS named_newest
        FROM (
            SELECT alike, updated_at, id, connection_id, reference, {named} AS named
            FROM kontobro_booking AS booking WHERE {failed} OFFSET 0
        ) AS booking WHERE {once} GROUP BY alike
    ), told AS (
        SELECT {code} AS code, {field} AS field, {value} AS value, alike.alike, bool_or({meant}) AS meant,
            sum(CASE WHEN {meant} THEN number ELSE named_number END) AS items,
            max(CASE WHEN {meant} THEN alike.newest ELSE named_newest END) AS newest
        FROM alike JOIN kontobro_booking AS one ON one.id = alike.id
            CROSS JOIN jsonb_array_elements(one.problems) AS told (value)
        WHERE named_number > 0 OR {meant} GROUP BY 1, 2, 3, 4
    ), causes AS (
        SELECT code, field, value, sum(items) AS items, max(newest) AS newest,
            array_agg(alike) AS alikes, array_agg(meant) AS are_meant
        FROM told GROUP BY 1, 2, 3
    ), ranked AS (
        SELECT causes.*, row_number() OVER (ORDER BY items DESC, newest DESC, code, field, value) AS rank,
            count(*) OVER () AS every, sum(items) OVER () AS every_item
        FROM causes
    )
    SELECT rank, items, newest, problem, connection_id, reference, item_type, payee, date, total, currency,
        every, every_item
    FROM ranked CROSS JOIN LATERAL (
        SELECT id FROM unnest(alikes, are_meant) AS told (same, meant) CROSS JOIN LATERAL (
            SELECT booking.id, booking.updated_at FROM kontobro_booking AS booking
            WHERE booking.alike = told.same AND {failed} AND {once} AND (told.meant OR {named})
            ORDER BY updated_at DESC, id DESC LIMIT %(items)s
        ) AS newest ORDER BY updated_at DESC, id DESC LIMIT %(items)s
    ) AS shown JOIN kontobro_booking AS booking ON booking.id = shown.id CROSS JOIN LATERAL (
        SELECT told.value::text AS problem FROM jsonb_array_elements(problems) AS told (value)
        WHERE ({code}, {field}, {value}) IS NOT DISTINCT FROM (ranked.code, ranked.field, ranked.value)
            AND ({named} OR {meant}) LIMIT 1
    ) AS its WHERE rank > %(start)s AND rank <= %(stop)s ORDER BY rank, updated_at DESC, booking.id DESC
"""

STATEMENTS: Mapping[str, str] = {"sqlite": GROUPS, "postgresql": ALIKE}

SEARCHED = ("field", "value", "message")
"""Where a search looks, besides the payee and what is told in the reader's language."""


def problem_groups(cursor: Any, connection_ids: Sequence[str], limit: int, items: int) -> Sequence[ProblemGroup]:
    """At most `limit` causes, each with at most `items`. `cursor` is one of Django's."""
    return list(problem_page(cursor, connection_ids, Search(), slice(0, limit), items).groups)


def problem_page(cursor: Any, connection_ids: Sequence[str], search: Search, part: slice, items: int) -> ProblemPage:
    """The causes of that part of the list, each with at most `items`, and how many there are of both in all of it."""
    cursor.execute(*_question(cursor.db.vendor, connection_ids, search, part, items))
    rows = cursor.fetchall()
    groups = tuple(_group(list(found)) for _, found in groupby(rows, key=itemgetter(0)))
    return ProblemPage(groups=groups, causes=int(rows[0][11]), items=int(rows[0][12])) if rows else ProblemPage()


def _question(
    vendor: str, ids: Sequence[str], search: Search, part: slice, items: int
) -> tuple[str, Mapping[str, object]]:
    """The statement, and its values by their names. Without a text all are named: there is nothing to look for."""
    owners, named = among_sql(vendor, ids)
    facts = {name: FACT[vendor].format(name) for name in ("code", *SEARCHED)}
    meant = [*(_like(facts[name]) for name in SEARCHED), f"{facts['code']} {CODES[vendor]}"]
    words = {
        "named": _like("booking.payee") if search.text else "TRUE",
        "meant": f"({' OR '.join(meant)})" if search.text else "TRUE",
        "failed": FAILED.format(owners=owners.replace("%s", "%(ids)s")),
        "once": ONCE,
    }
    codes = sorted(search.codes)
    values = {
        "ids": named,
        "pattern": f"%{_escaped(search.text.lower())}%",
        "codes": array_of(codes) if vendor == "postgresql" else json.dumps(codes),
        "items": items,
        "start": part.start,
        "stop": part.stop,
    }
    return STATEMENTS[vendor].format(**facts, **words), values


def _like(column: str) -> str:
    return f"lower({column}) LIKE %(pattern)s ESCAPE '!'"


def _escaped(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return text


def has_code(code: str) -> Func:
    """A condition: one of the booking's problems has this code."""
    return _HasCode(F("problems"), Value(code), output_field=BooleanField())


def has_cause(code: str, field: str, value: str) -> Func:
    """A condition: one of the booking's problems is of this cause."""
    return _HasCause(F("problems"), Value(code), Value(field), Value(value), output_field=BooleanField())


class _HasCode(Func):
    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """`problems` first, then the code."""
        template = "EXISTS (SELECT 1 FROM json_each({}) AS told WHERE json_extract(told.value, '$.code') = {})"
        return self._filled(compiler, template)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._filled(compiler, "{} @> jsonb_build_array(jsonb_build_object('code', {}::text))")

    def _filled(self, compiler: Any, template: str) -> tuple[str, tuple[Any, ...]]:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        return template.format(*(sql for sql, _ in parts)), tuple(value for _, values in parts for value in values)


class _HasCause(_HasCode):
    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "EXISTS (SELECT 1 FROM json_each({}) AS told WHERE json_extract(told.value, '$.code') = {}"
            " AND json_extract(told.value, '$.field') = {} AND json_extract(told.value, '$.value') = {})"
        )
        return self._filled(compiler, template)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        facts = "'code', {}::text, 'field', {}::text, 'value', {}::text"
        return self._filled(compiler, "{} @> jsonb_build_array(jsonb_build_object(" + facts + "))")


def _group(rows: Sequence[tuple[Any, ...]]) -> ProblemGroup:
    _, items, newest, problem, *_ = rows[0]
    (example,) = problems_from([json.loads(problem)])
    return ProblemGroup(
        code=example.code,
        field=example.field,
        value=example.value,
        count=int(items),
        newest=_instant(newest),
        example=example,
        items=tuple(_stopped(row[4:11]) for row in rows),
    )


def _stopped(row: Sequence[Any]) -> Stopped:
    owner, reference, item_type, payee, date, total, currency = row
    return Stopped(
        connection_id=owner,
        reference=Reference(reference),
        item_type=item_type,
        payee=payee or "",
        date=date or "",
        total=total or "",
        currency=currency or "",
    )


def _instant(stored: datetime | str) -> datetime:
    """SQLite keeps instants as UTC text."""
    return stored if isinstance(stored, datetime) else datetime.fromisoformat(stored).replace(tzinfo=UTC)
