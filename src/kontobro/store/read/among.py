"""Rows of the connections that are named, however many.

Django goes through the values of an `IN` several times for each statement: a large firm's page would spend its time so.
Ids are one value of the statement, not one each: PostgreSQL sees how many there are and plans for it, whatever it knows
of its tables. Where little is read of each, the question for them does: then they are not sent at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from django.db.models import BooleanField, F, Func, Q, QuerySet

Ids: TypeAlias = "Sequence[str] | QuerySet[Any, Any]"
"""The ids of connections: a list, or the question for them, of one column, to tables of the store's own database."""


def among(column: str, ids: Ids) -> Q | Among:
    """A condition: the column, a text, is one of these."""
    return Q(**{f"{column}__in": ids}) if isinstance(ids, QuerySet) else Among(column, ids)


def among_sql(vendor: str, ids: Sequence[str]) -> tuple[str, str]:
    """What follows the column in a statement that is not Django's, and its value."""
    if vendor == "postgresql":
        return "= ANY (%s::text[])", array_of(ids)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))


class Among(Func):
    """A condition: the column, a text, is one of these."""

    output_field = BooleanField()

    def __init__(self, column: str, ids: Sequence[str]) -> None:
        super().__init__(F(column))
        self._ids = list(ids)

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **context: Any) -> Any:
        (column,) = self.get_source_expressions()
        sql, values = compiler.compile(column)
        named, ids = among_sql(connection.vendor, self._ids)
        return f"{sql} {named}", (*values, ids)


def array_of(ids: Sequence[str]) -> str:
    """A text that PostgreSQL reads as an array: the driver would look at each of thousands on its own."""
    quoted = "\0".join(ids).replace("\\", r"\\").replace('"', r"\"").replace("\0", '","')
    return f'{{"{quoted}"}}' if ids else "{}"


def fetched(cursor: Any, rows: QuerySet[Any, Any]) -> list[Any]:
    """All rows as the driver has them, for texts and counts: Django would look at each of thousands again."""
    cursor.execute(*rows.query.get_compiler(using=rows.db).as_sql())
    return list(cursor.fetchall())
