"""Who may see what: people, organisations, their connections, and the trail of what people did.

What is booked is the store's (`kontobro.store`); these tables name its connections by id.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from kontobro.core.errors import NotAllowed

if TYPE_CHECKING:
    from datetime import date, datetime
    from typing import TypeAlias

    Text: TypeAlias = models.TextField[str, str]
    Count: TypeAlias = models.IntegerField[int, int]
    Day: TypeAlias = models.DateField[date, date]
    Flag: TypeAlias = models.BooleanField[bool, bool]
    Instant: TypeAlias = models.DateTimeField[datetime, datetime]
    Identifier: TypeAlias = models.UUIDField[uuid.UUID, uuid.UUID]
    ToOrganisation: TypeAlias = models.ForeignKey["Organisation", "Organisation"]
    ToUser: TypeAlias = models.ForeignKey["User", "User"]
    OptionalMembership: TypeAlias = models.ForeignKey["Membership | None", "Membership | None"]
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
    """A tenant: a company, or a partner who serves many. `hook_url` is told when something needs a person.

    `demands_mfa`: nobody gets in who signs in with a password alone.
    """

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name: Text = models.TextField()
    created_at: Instant = models.DateTimeField(auto_now_add=True)
    hook_url: Text = models.TextField(blank=True)
    hook_version: Count = models.IntegerField(default=1)
    demands_mfa: Flag = models.BooleanField(default=False)


class Membership(models.Model):
    """A person's role in an organisation. `mailed`: a mail comes when something needs a person."""

    id: int
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    user: ToUser = models.ForeignKey(User, on_delete=models.CASCADE)
    role: Text = models.TextField()
    mailed: Flag = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "user"], name="kontobro_web_one_membership"),
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="kontobro_web_known_role"),
        )


class Invitation(models.Model):
    """An open invitation. Its link's secret is kept as a hash only. `sender`: it goes when that membership goes, and
    opens nothing without one."""

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    email: Text = models.TextField()
    role: Text = models.TextField()
    secret_hash: Text = models.TextField(unique=True)
    sender: OptionalMembership = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE)
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


class Setup(models.Model):
    """A connection on its way: at which step it stopped, and what was chosen. `sealed` holds all its secrets.

    Pleo's answer is known by `state_hash` and by the browser that left for it (`session_hash`).
    """

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    user: ToUser = models.ForeignKey(User, on_delete=models.CASCADE)
    connection_id: Text = models.TextField()
    again: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    step: Text = models.TextField()
    environment: Text = models.TextField()
    auth: Text = models.TextField()
    level: models.IntegerField[int, int] = models.IntegerField(default=4)
    company_id: Text = models.TextField(blank=True)
    company_name: Text = models.TextField(blank=True)
    erp: Text = models.TextField(blank=True)
    options: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    companies: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(default=list)
    state_hash: Text = models.TextField(blank=True, db_index=True)
    session_hash: Text = models.TextField(blank=True)
    sealed: Text = models.TextField(blank=True)
    updated_at: Instant = models.DateTimeField(auto_now=True, db_index=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A setup that was deleted while a page worked on it stays deleted, its secrets too. Raises NotAllowed."""
        known = not self._state.adding
        if known and not type(self).objects.filter(id=self.id).exists():
            raise NotAllowed("This setup was cancelled, or your role has changed.", "Start again.")
        super().save(*args, **({**kwargs, "force_update": True} if known else kwargs))


class WebhookDelivery(models.Model):
    """A delivery of Pleo's that was taken: a second one with its id does nothing."""

    connection_id: Text = models.TextField()
    delivery_id: Text = models.TextField()
    at: Instant = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection_id", "delivery_id"], name="kontobro_web_one_delivery"),
        )
        indexes = (models.Index(fields=["at"], name="kontobro_web_deliveries_at"),)


class ToldNotice(models.Model):
    """Somebody was told of this cause on this day: once is enough."""

    connection_id: Text = models.TextField()
    cause: Text = models.TextField()
    day: Day = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection_id", "cause", "day"], name="kontobro_web_told_once"),
        )
