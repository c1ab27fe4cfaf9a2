"""Rows of the connections that are named, however many: their ids are one value of the statement, not one each.

Django goes through the values of an `IN` several times for each statement: a large firm's page would spend its time so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, F, Func


class Among(Func):
    """A condition: the column, a text, is one of these."""

    output_field = BooleanField()

    def __init__(self, column: str, ids: Sequence[str]) -> None:
        super().__init__(F(column))
        self._ids = list(ids)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._filled(compiler, "{} IN (SELECT value FROM json_each(%s))", json.dumps(self._ids))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._filled(compiler, "{} = ANY (%s)", self._ids)

    def _filled(self, compiler: Any, template: str, ids: object) -> tuple[str, tuple[Any, ...]]:
        (column,) = self.get_source_expressions()
        sql, values = compiler.compile(column)
        return template.format(sql), (*values, ids)
