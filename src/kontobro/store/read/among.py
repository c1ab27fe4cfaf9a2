"""Rows of the connections that are named, however many.

Django goes through the values of an `IN` several times for each statement: a large firm's page would spend its time so.
Ids are one value of the statement, not one each; those that a table of the same database tells are not sent at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from django.db.models import BooleanField, F, Func, Q, QuerySet

Ids: TypeAlias = "Sequence[str] | QuerySet[Any, Any]"
"""The ids of connections: a list, or the question for them to the store's own database, of one column."""


def among(column: str, ids: Ids) -> Q | Among:
    """A condition: the column, a text, is one of these."""
    return Q(**{f"{column}__in": ids}) if isinstance(ids, QuerySet) else Among(column, ids)


def among_sql(vendor: str, ids: Ids) -> tuple[str, tuple[Any, ...]]:
    """What follows the column in a statement that is not Django's, and its values."""
    if isinstance(ids, QuerySet):
        question, values = ids.query.sql_with_params()
        return f"IN ({question})", values
    if vendor == "postgresql":
        return "= ANY (%s::text[])", (array_of(ids),)
    return "IN (SELECT value FROM json_each(%s))", (json.dumps(list(ids)),)


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
        return f"{sql} {named}", (*values, *ids)


def array_of(ids: Sequence[str]) -> str:
    """A text that PostgreSQL reads as an array: the driver would look at each of thousands on its own."""
    quoted = "\0".join(ids).replace("\\", r"\\").replace('"', r"\"").replace("\0", '","')
    return f'{{"{quoted}"}}' if ids else "{}"
