"""What the models have in common: types of columns, named by hand (mypy runs without the Django plugin), and the
connection that a row belongs to."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models

from kontobro.core.words.facts import text_from, text_to

if TYPE_CHECKING:
    Text: TypeAlias = models.TextField[str, str]
    OptionalText: TypeAlias = models.TextField[str | None, str | None]
    Count: TypeAlias = models.IntegerField[int, int]
    Size: TypeAlias = models.BigIntegerField[int, int]
    Flag: TypeAlias = models.BooleanField[bool, bool]
    OptionalFlag: TypeAlias = models.BooleanField[bool | None, bool | None]
    Day: TypeAlias = models.DateField[date, date]
    Instant: TypeAlias = models.DateTimeField[datetime, datetime]
    OptionalInstant: TypeAlias = models.DateTimeField[datetime | None, datetime | None]
    Json: TypeAlias = models.JSONField[Any, Any]
    Bytes: TypeAlias = models.BinaryField[bytes, bytes]
    Identifier: TypeAlias = models.UUIDField[uuid.UUID, uuid.UUID]
    ToConnection: TypeAlias = models.ForeignKey[Any, Any]


class OfConnection(models.Model):
    """What goes when its connection goes."""

    connection: ToConnection = models.ForeignKey("kontobro.connection", on_delete=models.CASCADE, db_index=False)
    connection_id: str

    class Meta:
        abstract = True


class NotedField(models.TextField):  # type: ignore[type-arg]
    """A text that may be of the catalogue (`core/words`): kept with its facts, so that each reader has it in their
    language."""

    def get_prep_value(self, value: Any) -> Any:
        return text_to(value)

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return text_from(value)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs  # a column of texts, as before
