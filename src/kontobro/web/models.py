"""Who may see what: people, organisations, their connections, and the trail of what people did.

What is booked is the store's (`kontobro.store`); these tables name its connections by id.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    Text: TypeAlias = models.TextField[str, str]
    Instant: TypeAlias = models.DateTimeField[datetime, datetime]
    Identifier: TypeAlias = models.UUIDField[uuid.UUID, uuid.UUID]
    ToOrganisation: TypeAlias = models.ForeignKey["Organisation", "Organisation"]
    ToUser: TypeAlias = models.ForeignKey["User", "User"]
    OptionalUser: TypeAlias = models.ForeignKey["User | None", "User | None"]

ROLES = ("owner", "bookkeeper", "readonly")
"""From most to least: an owner may invite and disconnect, a bookkeeper exports and settles, the last one looks."""


class Users(BaseUserManager["User"]):
    """Makes users known by their mail address."""

    def create_user(self, email: str, password: str | None = None, **other: Any) -> User:
        user = self.model(email=self.normalize_email(email), **other)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """A person. The mail address is the name to sign in with."""

    username = None  # type: ignore[assignment]
    email: models.EmailField[str, str] = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()  # type: ignore[assignment]


class Organisation(models.Model):
    """A tenant: a company, or a partner who serves many."""

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name: Text = models.TextField()
    created_at: Instant = models.DateTimeField(auto_now_add=True)


class Membership(models.Model):
    """A person's role in an organisation."""

    id: int
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    user: ToUser = models.ForeignKey(User, on_delete=models.CASCADE)
    role: Text = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "user"], name="kontobro_web_one_membership"),
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="kontobro_web_known_role"),
        )


class Invitation(models.Model):
    """An open invitation. Its link's secret is kept as a hash only."""

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    email: Text = models.TextField()
    role: Text = models.TextField()
    secret_hash: Text = models.TextField(unique=True)
    expires_at: Instant = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(role__in=ROLES), name="kontobro_web_invited_role"),)


class ConnectionOwner(models.Model):
    """Which organisation a connection of the store belongs to: to one only."""

    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    organisation_id: uuid.UUID
    connection_id: Text = models.TextField(unique=True)


class AuditEvent(models.Model):
    """What a person did, and when. No row is ever changed; the person's name stays when the person goes."""

    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    connection_id: Text = models.TextField(blank=True)
    at: Instant = models.DateTimeField(auto_now_add=True)
    actor: OptionalUser = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    actor_name: Text = models.TextField()
    action: Text = models.TextField()
    detail: Text = models.TextField(blank=True)

    class Meta:
        indexes = (models.Index(fields=["organisation", "-at"], name="kontobro_web_trail"),)
