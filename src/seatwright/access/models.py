"""Tables of the access room: who signs in, the tokens of programs, and the audit chain."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from seatwright.access import identifiers

TOKEN_SCOPES = ("read", "write")


class UserManager(BaseUserManager["User"]):
    """Looks users up by e-mail address without regard to case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this e-mail address; raises User.DoesNotExist."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in; what they may do is said by memberships, never by a flag here."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, default="Europe/Brussels")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=~models.Q(email=""), name="user_has_email"),
        ]

    def __str__(self) -> str:
        return self.email


class AuditChain(models.Model):
    """The head of one chain of audit events; locked while an event is added."""

    key = models.CharField(max_length=80, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default="")


class AuditEvent(models.Model):
    """One thing that somebody did; append-only, and each hash covers the one before it (invariant 28)."""

    chain_key = models.CharField(max_length=80)
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40)
    actor_label = models.CharField(max_length=200)
    channel = models.CharField(max_length=16)
    request_ref = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    reseller_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    operation_id = models.UUIDField(null=True)
    before: Any = models.JSONField()
    after: Any = models.JSONField()
    reason = models.CharField(max_length=500)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chain_key", "sequence"], name="audit_sequence_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "-id"], name="audit_by_customer"),
            models.Index(fields=["subject_kind", "subject_id"], name="audit_by_subject"),
            models.Index(fields=["operation_id"], name="audit_by_operation"),
        ]


class ApiToken(models.Model):
    """A program's credential: acts for its user, never beyond its scope and, if bound to one, its customer.

    Only the SHA-256 digest of the secret is here; `hint` is the secret's last four characters, to tell tokens apart.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    scope = models.CharField(max_length=8)
    reseller_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~models.Q(label=""), name="token_has_label"),
            models.CheckConstraint(condition=models.Q(scope__in=TOKEN_SCOPES), name="token_scope_known"),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="token_expires_later"
            ),
            models.CheckConstraint(
                condition=models.Q(reseller_id__isnull=True, customer_id__isnull=True)
                | models.Q(reseller_id__isnull=False, customer_id__isnull=False),
                name="token_customer_has_reseller",
            ),
        ]


class CalendarFeed(models.Model):
    """The address under which a person's calendar program reads their deadlines; at most one counts for each person.

    Only the SHA-256 digest of the secret in the address is here.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(revoked_at__isnull=True), name="calendar_feed_once_per_user"
            ),
        ]
