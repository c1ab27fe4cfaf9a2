"""Who may see what: people, organisations, their connections, and the trail of what people did.

What is booked is the store's (`kontobro.store`); these tables name its connections by id.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext as _

from kontobro.core.errors import Misconfigured, NotAllowed
from kontobro.core.level import LEVELS, level_of, scopes_at, scopes_for
from kontobro.core.model.connection import Connection, erp_destination, pleo_destination
from kontobro.install.authorisation import consent_for
from kontobro.pleo import ENVIRONMENTS
from kontobro.service.config import Environment, config
from kontobro.store.columns import NotedField
from kontobro.store.secrets.codec import tokens_from
from kontobro.web.process import process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from kontobro.core.dialect import TagScope
    from kontobro.core.level import Level
    from kontobro.core.model.connection import Destination, Tokens
    from kontobro.core.model.settings import Settings
    from kontobro.install.authorisation import Consent
    from kontobro.store.columns import Count, Day, Flag, Identifier, Instant, OptionalInstant, Text
    from kontobro.store.django_store import DjangoStore

    ToOrganisation: TypeAlias = models.ForeignKey["Organisation", "Organisation"]
    ToUser: TypeAlias = models.ForeignKey["User", "User"]
    ToSetup: TypeAlias = models.OneToOneField["Setup", "Setup"]
    ToMembership: TypeAlias = models.ForeignKey["Membership", "Membership"]
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
    """A person. The mail address is the name to sign in with.

    `language`, `time_zone`: chosen for pages and mails; empty: the browser's.
    """

    username = None  # type: ignore[assignment]
    email: models.EmailField[str, str] = models.EmailField(unique=True)
    language: Text = models.TextField(blank=True, default="", db_default="")
    time_zone: Text = models.TextField(blank=True, default="", db_default="")
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()  # type: ignore[assignment]

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = (
            models.CheckConstraint(
                condition=models.Q(language__in=("", *(code for code, _ in settings.LANGUAGES))),
                name="kontobro_web_known_language",
            ),
        )


class Organisation(models.Model):
    """A tenant: a company, or a partner who serves many. `hook_url` is told when something needs a person.

    `demands_mfa`: no one gets in who signs in with a password alone.
    """

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name: Text = models.TextField()
    created_at: Instant = models.DateTimeField(auto_now_add=True)
    hook_url: Text = models.TextField(blank=True)
    hook_version: Count = models.IntegerField(default=1)
    demands_mfa: Flag = models.BooleanField(default=False)


class Membership(models.Model):
    """A person's role in an organisation. `mailed`: a mail comes when something needs a person; `mailed_if_in_charge`:
    not of companies that someone else is in charge of."""

    id: int
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    user: ToUser = models.ForeignKey(User, on_delete=models.CASCADE)
    user_id: int
    role: Text = models.TextField()
    mailed: Flag = models.BooleanField(default=True)
    mailed_if_in_charge: Flag = models.BooleanField(default=False, db_default=False)

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
    """Which organisation a connection of the store belongs to: to one only. `in_charge`: the member who looks after
    it; no one once that membership ends."""

    id: int
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    organisation_id: uuid.UUID
    connection_id: Text = models.TextField(unique=True)
    in_charge: OptionalMembership = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL)
    in_charge_id: int | None


class MonthClose(models.Model):
    """Someone saw that a company's month was equal and closed it. `figures`: the lines of the table as they were then,
    each `MonthLine` as texts. An owner can reopen it, with a reason; then it can be closed again."""

    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    connection_id: Text = models.TextField()
    month: Day = models.DateField()
    closed_at: Instant = models.DateTimeField()
    closed_name: Text = models.TextField()
    figures: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(default=list)
    reopened_at: OptionalInstant = models.DateTimeField(null=True)
    reopened_name: Text = models.TextField(blank=True)
    reason: Text = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["connection_id", "month"],
                condition=models.Q(reopened_at__isnull=True),
                name="kontobro_web_closed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(reopened_at__isnull=True, reason="", reopened_name="")
                | (models.Q(reopened_at__isnull=False) & ~models.Q(reason="") & ~models.Q(reopened_name="")),
                name="kontobro_web_reopened_for_a_reason",
            ),
        )
        indexes = (models.Index(fields=["organisation", "month"], name="kontobro_web_closes"),)


class ApiToken(models.Model):
    """A key to an organisation's figures, to be read by a program. Kept as a hash only; it goes when its maker's
    membership goes. `used`: requests in the minute that began at `window_at`."""

    id: int
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    maker: ToMembership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    name: Text = models.TextField()
    secret_hash: Text = models.TextField(unique=True)
    made_at: Instant = models.DateTimeField()
    expires_at: Instant = models.DateTimeField()
    last_used_at: OptionalInstant = models.DateTimeField(null=True)
    window_at: OptionalInstant = models.DateTimeField(null=True)
    used: Count = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="kontobro_web_token_expires"
            ),
        )


class AuditEvent(models.Model):
    """What a person did, and when. No row is ever changed; the person's name stays when the person goes."""

    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    connection_id: Text = models.TextField(blank=True)
    at: Instant = models.DateTimeField(auto_now_add=True)
    actor: OptionalUser = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    actor_name: Text = models.TextField()
    action: Text = models.TextField()
    detail: Text = NotedField(blank=True)

    class Meta:
        indexes = (models.Index(fields=["organisation", "-at"], name="kontobro_web_trail"),)


Step = Literal["level", "consent", "key", "name", "taken", "erp", "access", "company", "differs", "settings", "plan"]

SEALED = "secrets with destinations"
"""What a setup's sealed secrets are called within it."""


class Setup(models.Model):
    """A connection on its way: at which step it stopped, and what was chosen. `sealed` holds all its secrets.

    Pleo's answer is known by `state_hash` and by the browser that left for it (`session_hash`). `moves`: the company's
    present connection ends for this one. `confirmed`: the company of the accounting system, `books_name`, that a person
    said is right though it is called otherwise.
    """

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation: ToOrganisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    user: ToUser = models.ForeignKey(User, on_delete=models.CASCADE)
    connection_id: Text = models.TextField()
    again: Flag = models.BooleanField(default=False)
    step: Text = models.TextField()
    environment: Text = models.TextField()
    auth: Text = models.TextField()
    level: Count = models.IntegerField(default=4)
    company_id: Text = models.TextField(blank=True)
    company_name: Text = models.TextField(blank=True)
    erp: Text = models.TextField(blank=True)
    options: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    companies: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(default=list)
    books_name: Text = models.TextField(blank=True, default="")
    confirmed: Text = models.TextField(blank=True, default="")
    trial: Flag = models.BooleanField(default=False)
    moves: Flag = models.BooleanField(default=False)
    state_hash: Text = models.TextField(blank=True, db_index=True)
    session_hash: Text = models.TextField(blank=True)
    sealed: Text = models.TextField(blank=True)
    updated_at: Instant = models.DateTimeField(auto_now=True, db_index=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A setup that was deleted while a page worked on it stays deleted, its secrets too. Raises NotAllowed."""
        known = not self._state.adding
        if known and not type(self).objects.filter(id=self.id).exists():
            raise NotAllowed(_("This setup was cancelled, or your role has changed."), _("Start again."))
        super().save(*args, **({**kwargs, "force_update": True} if known else kwargs))

    def go_to(self, step: Step) -> None:
        self.step = step
        self.save()

    def draft(self) -> Connection:
        """The connection as far as it is known."""
        environment = cast(Environment, self.environment)
        world = ENVIRONMENTS[environment]
        sandbox = config().sandbox_url.rstrip("/")
        client = config().client(environment)
        local = environment == "sandbox"
        return Connection(
            id=self.connection_id,
            name="",
            environment=environment,
            api_url=sandbox if local else world.api_url,
            auth_url=sandbox if local else world.auth_url,
            auth="oauth" if self.auth == "oauth" else "api_key",
            company_id=self.company_id,
            company_name=self.company_name,
            erp=self.erp,
            erp_options=dict(self.options),
            client_id=client.client_id if client and self.auth == "oauth" else None,
            trial=self.trial,
        )

    def secrets(self) -> dict[str, Any]:
        """`verifier`, `tokens`, `erp`: those that the setup has by now for where it leads now; what was given for
        another address is not among them, and none is when the key was rotated meanwhile."""
        draft = self.draft()
        return {name: value for name, (to, value) in self._sealed().items() if to == _destination(draft, name)}

    def seal(self, **changed: object) -> Setup:
        """Put secrets into the setup, each for where it leads now; the caller saves it. None takes one away."""
        draft = self.draft()
        given = {name: (_destination(draft, name), value) for name, value in changed.items()}
        kept = {name: pair for name, pair in {**self._sealed(), **given}.items() if pair[1] is not None}
        self.sealed = _store().seal(f"setup {self.id}", SEALED, kept)
        return self

    def _sealed(self) -> dict[str, tuple[str, Any]]:
        """Every secret of the setup with the destination that it was given for."""
        if not self.sealed:
            return {}
        try:
            return cast(dict[str, tuple[str, Any]], _store().unseal(f"setup {self.id}", SEALED, self.sealed))
        except Misconfigured:
            return {}

    def tokens(self) -> Tokens:
        """Pleo's credential. Raises Misconfigured before there is one for where the setup leads now."""
        held = self.secrets().get("tokens")
        if held is None:
            raise Misconfigured(
                _("There is no access to Pleo yet, or no more."), _("Go back to the level and ask Pleo again.")
            )
        return tokens_from(cast("Mapping[str, Any]", held))

    @property
    def chosen_level(self) -> Level:
        return next(level for level in LEVELS if level == self.level)

    def before(self) -> Settings | None:
        """The settings of the connection that is connected again."""
        known = process.app.store.connection(self.connection_id) if self.again else None
        return known.settings if known else None

    def kept_settings(self) -> Settings | None:
        """The same where it also keeps the level that it has."""
        before = self.before()
        return before if before and level_of(before) == self.level else None

    def scopes(self) -> frozenset[str]:
        """What this setup asks Pleo for: all that a connection keeps in sync, else what the level needs."""
        kept = self.kept_settings()
        return scopes_for(kept) if kept else scopes_at(self.chosen_level, self.before())

    def consent(self) -> Consent:
        """What Pleo is asked for next, and how: otherwise after it did not know a scope."""
        kept = cast("TagScope | None", self.secrets().get("tag_scope"))
        spoken = process.app.dialect_for(self.environment)
        return consent_for(self.environment, self.scopes(), process.app.store.connections(), kept, spoken)


def _store() -> DjangoStore:
    return cast("DjangoStore", process.app.store)


def _destination(draft: Connection, name: str) -> Destination:
    return erp_destination(draft) if name == "erp" else pleo_destination(draft)


class Takeover(models.Model):
    """A setup that takes a Pleo company over from another organisation, whose connection is `former_id`. It takes
    effect when an owner there has confirmed it, or three days after it was asked for."""

    id: Identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    setup: ToSetup = models.OneToOneField(Setup, on_delete=models.CASCADE)
    former_id: Text = models.TextField(db_index=True)
    asked_at: Instant = models.DateTimeField()
    confirmed_at: OptionalInstant = models.DateTimeField(null=True)


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
    """Someone was told of this cause on this day: once is enough."""

    connection_id: Text = models.TextField()
    cause: Text = models.TextField()
    day: Day = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection_id", "cause", "day"], name="kontobro_web_told_once"),
        )
