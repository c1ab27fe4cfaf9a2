"""The tables that keep one expense out of two sets of books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from kontobro.store.columns import OfConnection

if TYPE_CHECKING:
    from kontobro.store.columns import Instant, OptionalInstant, Text


class Guard(models.Model):
    """A booking of a connection that is deleted (`origin`): ids and its state, no amount and no name. Of the Pleo
    company, not of an organisation; the database lets no one change it."""

    environment: Text = models.TextField()
    company_id: Text = models.TextField()
    reference: Text = models.TextField()
    origin: Text = models.TextField()
    system: Text = models.TextField()
    number: Text = models.TextField()
    state: Text = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["environment", "company_id", "reference", "origin"], name="kontobro_one_guard"
            ),
        )


class Elsewhere(OfConnection):
    """An expense at which an export stopped, and what a person decided (`core.model.history.Elsewhere`)."""

    entry_id: Text = models.TextField()
    system: Text = models.TextField()
    number: Text = models.TextField()
    found_at: Instant = models.DateTimeField()
    decided_at: OptionalInstant = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "entry_id"], name="kontobro_one_elsewhere"),)
