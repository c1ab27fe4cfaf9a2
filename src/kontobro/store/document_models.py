"""The tables of sealed documents. `schema/document_guards.py` adds what Django's models can't say."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from django.db import models

from kontobro.core.documents import DocumentState
from kontobro.store.columns import OfConnection

if TYPE_CHECKING:
    from typing import TypeAlias

    from kontobro.store.columns import Bytes, Count, Flag, Instant, OptionalInstant, Size, Text

    ToDocument: TypeAlias = models.ForeignKey["Document", "Document"]


class Document(OfConnection):
    """One document; `label` is its group, `moment`, `first` and `last` are ISO texts. What is sealed never changes."""

    number: Count = models.IntegerField()
    label: Text = models.TextField()
    job_id: Text = models.TextField()
    state: Text = models.TextField()
    moment: Text = models.TextField()
    first: Text = models.TextField()
    last: Text = models.TextField()
    vouchers: Count = models.IntegerField()
    place: Text = models.TextField()
    delivered_at: OptionalInstant = models.DateTimeField(null=True)
    imported_at: OptionalInstant = models.DateTimeField(null=True)
    released_at: OptionalInstant = models.DateTimeField(null=True)
    reason: Text = models.TextField()
    kept: Flag = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection", "number"], name="kontobro_one_document"),
            models.CheckConstraint(
                condition=models.Q(state__in=list(get_args(DocumentState))), name="kontobro_known_document_state"
            ),
        )


class DocumentFile(models.Model):
    """One file's name and digest: kept for ever."""

    document: ToDocument = models.ForeignKey(Document, on_delete=models.CASCADE)
    name: Text = models.TextField()
    media_type: Text = models.TextField()
    sha256: Text = models.TextField()
    size: Size = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["document", "name"], name="kontobro_one_file"),)


class DocumentPiece(models.Model):
    """A piece of a file's bytes, in order; kept until the document is imported and the retention is over."""

    document: ToDocument = models.ForeignKey(Document, on_delete=models.CASCADE, db_index=False)
    name: Text = models.TextField()
    position: Count = models.IntegerField()
    content: Bytes = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["document", "name", "position"], name="kontobro_one_piece"),)


class Voucher(OfConnection):
    """An entry in a sealed document. One reference is in one document that is not released; no number is used twice,
    released or not. `facts` is the booking as JSON."""

    document: ToDocument = models.ForeignKey(Document, on_delete=models.CASCADE)
    series: Text = models.TextField()
    year: Text = models.TextField()
    number: Count = models.IntegerField()
    reference: Text = models.TextField()
    vendor: Text = models.TextField()
    facts: Text = models.TextField()
    released: Flag = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "reference"], condition=models.Q(released=False), name="kontobro_one_voucher"
            ),
            models.UniqueConstraint(
                fields=["connection", "series", "year", "number"], name="kontobro_one_voucher_number"
            ),
        )
        indexes = (
            models.Index(fields=["connection", "reference"], name="kontobro_voucher_reference"),
            models.Index(
                fields=["connection", "vendor"], name="kontobro_voucher_vendor", condition=~models.Q(vendor="")
            ),
        )


class KeptNumber(models.Model):
    """What a connection that was deleted had numbered: no number is given twice for a Pleo company and an accounting
    system. `kind` is `document`, with neither series nor year, or `voucher`."""

    company_id: Text = models.TextField()
    erp: Text = models.TextField()
    kind: Text = models.TextField()
    series: Text = models.TextField()
    year: Text = models.TextField()
    last: Count = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["company_id", "erp", "kind", "series", "year"], name="kontobro_one_kept_number"
            ),
        )


class MastersFile(OfConnection):
    """The file or folder of master data that was read last. `counts` and `had` are JSON: pairs of a kind's table and
    its number of records; `had` is of what was synced before it changed."""

    name: Text = models.TextField()
    sha256: Text = models.TextField()
    counts: Text = models.TextField()
    read_at: Instant = models.DateTimeField()
    changed_at: OptionalInstant = models.DateTimeField(null=True)
    had: Text = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection"], name="kontobro_one_masters_file"),)


class Series(OfConnection):
    """The last number of a voucher series and year."""

    series: Text = models.TextField()
    year: Text = models.TextField()
    last: Count = models.IntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "series", "year"], name="kontobro_one_series"),)
