"""Tables of the orders room: quotes, orders and their lines, with the states that may follow each other."""

from typing import Any, ClassVar

from django.db import models

from seatwright.access import identifiers

LINE_TRANSITIONS: dict[str, frozenset[str]] = {
    "booked": frozenset({"done", "partly_done", "refused"}),
    "done": frozenset(),
    "partly_done": frozenset(),
    "refused": frozenset(),
}
REQUEST_TRANSITIONS: dict[str, frozenset[str]] = {
    "open": frozenset({"answered", "booked", "declined"}),
    "answered": frozenset({"answered", "booked", "declined"}),
    "booked": frozenset(),
    "declined": frozenset(),
}
INTENT_STATES = ("open", "replaced", "revoked", "carried_out", "lapsed")
SHEET_TRANSITIONS: dict[str, frozenset[str]] = {
    "draft": frozenset({"sent", "withdrawn"}),
    "sent": frozenset({"answered", "defaulted", "expired", "ended", "withdrawn"}),
    "answered": frozenset(),
    "defaulted": frozenset(),
    "expired": frozenset(),
    "ended": frozenset(),
    "withdrawn": frozenset(),
}
SHEET_LINE_TRANSITIONS: dict[str, frozenset[str]] = {
    "open": frozenset({"answering", "defaulted", "standing", "left", "ended"}),
    "answering": frozenset({"open", "answered", "standing", "left", "ended"}),
    "answered": frozenset(),
    "defaulted": frozenset(),
    "standing": frozenset(),
    "left": frozenset(),
    "ended": frozenset(),
}
SHEET_DEFAULTS = ("keep", "reduce", "cancel", "nothing")
ORDER_STATES = ("running", "done", "partly_done", "failed")


class Quote(models.Model):
    """A priced wish with its whole calculation, valid until `expires_at`; placing it needs its key."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    kind = models.CharField(max_length=32)
    idempotency_key = models.CharField(max_length=64, unique=True)
    calculation: Any = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    made_by_user_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("created_at")), name="quote_has_time"),
        ]


class Order(models.Model):
    """A placed quote with the frozen calculation and the legal words that were agreed to."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    quote = models.OneToOneField(Quote, on_delete=models.PROTECT)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    kind = models.CharField(max_length=32)
    state = models.CharField(max_length=16)
    calculation: Any = models.JSONField()
    agreed_words = models.CharField(max_length=200)
    placed_by_user_id = models.BigIntegerField(null=True)
    placed_by = models.CharField(max_length=200)
    on_behalf_reason = models.CharField(max_length=300, default="")
    placed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(state__in=ORDER_STATES), name="order_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="running", finished_at__isnull=True)
                | (~models.Q(state="running") & models.Q(finished_at__isnull=False)),
                name="order_finished_has_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-placed_at"], name="order_by_customer"),
            models.Index(fields=["reseller", "state", "-placed_at"], name="order_queue"),
        ]


class OrderLine(models.Model):
    """One subscription's change in an order; how far its operation is with it, only the operation knows."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT)
    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    subscription_id = models.UUIDField()
    operation_id = models.UUIDField(unique=True)
    name = models.CharField(max_length=200)
    seats_before = models.IntegerField()
    seats_after = models.IntegerField()
    state = models.CharField(max_length=16)
    refusal = models.CharField(max_length=64, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position_once"),
            models.CheckConstraint(condition=models.Q(state__in=sorted(LINE_TRANSITIONS)), name="order_line_state"),
            models.CheckConstraint(condition=models.Q(seats_after__gte=1), name="order_line_keeps_one_seat"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subscription_id", "state"], name="order_line_by_subscription"),
        ]


class ChangeIntent(models.Model):
    """What a customer wishes for a renewal, in their words; kept here because the vendor forgets it (idea 1).

    At most one open row for a subscription and date holds all wishes for it, one value per dimension (invariant 15).
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    subscription_id = models.UUIDField()
    effective_on = models.DateField()
    changes: Any = models.JSONField()
    state = models.CharField(max_length=16)
    wished_by_user_id = models.BigIntegerField(null=True)
    wished_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subscription_id", "effective_on"],
                condition=models.Q(state="open"),
                name="intent_open_once_per_date",
            ),
            models.CheckConstraint(condition=models.Q(state__in=INTENT_STATES), name="intent_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at__isnull=True)
                | (~models.Q(state="open") & models.Q(closed_at__isnull=False)),
                name="intent_closed_has_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subscription_id", "state"], name="intent_by_subscription"),
            models.Index(fields=["effective_on"], condition=models.Q(state="open"), name="intent_open_by_date"),
        ]


class OfferRequest(models.Model):
    """What a customer asks the reseller for because it is not ordered here by themselves (R048, R049).

    `promised_at` is when the reseller says it will be settled; the answer is shown to the customer as it was written.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    tenant_id = models.UUIDField()
    offer_key = models.CharField(max_length=160)
    name = models.CharField(max_length=200)
    seats = models.PositiveIntegerField()
    wish = models.CharField(max_length=1000, default="")
    state = models.CharField(max_length=16)
    asked_by_user_id = models.BigIntegerField(null=True)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=1000, default="")
    promised_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, default="")
    answered_at = models.DateTimeField(null=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(state__in=sorted(REQUEST_TRANSITIONS)), name="request_state"),
            models.CheckConstraint(condition=models.Q(seats__gte=1), name="request_for_a_seat"),
            models.CheckConstraint(
                condition=models.Q(state="open", answered_at__isnull=True)
                | ~models.Q(state="open") & models.Q(answered_at__isnull=False),
                name="request_answered_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="booked", order__isnull=False)
                | ~models.Q(state="booked") & models.Q(order__isnull=True),
                name="request_booked_has_order",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-created_at"], name="request_by_customer"),
            models.Index(fields=["reseller", "state", "created_at"], name="request_queue"),
        ]


class RenewalSheet(models.Model):
    """A question to a customer's contract owners: what becomes of these licences at their renewals (idea 8).

    `default` is what happens to a line that nobody has answered by `deadline_at`, exclusive. `content` is what was
    asked, as it was sent, and `content_hash` its digest; neither changes afterwards. An `answered` sheet has an answer
    for every line that needed one; `defaulted` had silence and its default was applied; `expired` had silence and no
    default; `ended` had nothing left to ask, because every licence ended before.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    state = models.CharField(max_length=16)
    default = models.CharField(max_length=8)
    deadline_at = models.DateTimeField()
    language = models.CharField(max_length=8)
    policy_version = models.CharField(max_length=64)
    made_by_user_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    content: Any = models.JSONField(null=True)
    content_hash = models.CharField(max_length=64, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(state__in=sorted(SHEET_TRANSITIONS)), name="sheet_state_known"),
            models.CheckConstraint(condition=models.Q(default__in=SHEET_DEFAULTS), name="sheet_default_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=("draft", "sent"), closed_at__isnull=True)
                | (~models.Q(state__in=("draft", "sent")) & models.Q(closed_at__isnull=False)),
                name="sheet_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("draft", "withdrawn"))
                | (models.Q(sent_at__isnull=False, content__isnull=False) & ~models.Q(content_hash="")),
                name="sheet_sent_has_content",
            ),
            models.CheckConstraint(condition=models.Q(deadline_at__gt=models.F("made_at")), name="sheet_has_time"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-made_at"], name="sheet_by_customer"),
            models.Index(fields=["deadline_at"], condition=models.Q(state="sent"), name="sheet_waiting"),
        ]


class RenewalSheetLine(models.Model):
    """One licence of a sheet with its options priced when the sheet was made, and what became of it.

    `wishes` are those that stood then, so that one changed since is told apart; `answered_over` those that stood when
    a person's answer was taken, so that an answer cut off is never laid over a newer wish. `is_live` while its sheet is
    a draft or sent: a renewal is asked about in one sheet at a time. An answer is the atomic unit: `answering` says
    what the person chose, `answered` that it stands as a wish. `standing`: a wish made elsewhere counts; `left`:
    neither could be carried out, and `note` says why. `ended`: the licence ended before anybody decided.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    sheet = models.ForeignKey(RenewalSheet, on_delete=models.PROTECT)
    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    subscription_id = models.UUIDField()
    renews_on = models.DateField()
    facts: Any = models.JSONField()
    options: Any = models.JSONField()
    wishes: Any = models.JSONField()
    answered_over: Any = models.JSONField(null=True)
    is_live = models.BooleanField()
    state = models.CharField(max_length=16)
    choice = models.CharField(max_length=32, default="")
    seats = models.PositiveIntegerField(null=True)
    term_minor = models.BigIntegerField(null=True)
    note = models.CharField(max_length=64, default="")
    decided_by_user_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sheet", "position"], name="sheet_line_position_once"),
            models.UniqueConstraint(fields=["sheet", "subscription_id"], name="sheet_line_subscription_once"),
            models.UniqueConstraint(
                fields=["subscription_id", "renews_on"],
                condition=models.Q(is_live=True),
                name="sheet_line_asked_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(SHEET_LINE_TRANSITIONS)), name="sheet_line_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="sheet_line_decided_has_time",
            ),
        ]


class RenewalSheetNotice(models.Model):
    """That a person was written to about a sheet; append-only. `before_s` is a reminder's stage, 0 for the others."""

    sheet = models.ForeignKey(RenewalSheet, on_delete=models.PROTECT)
    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    before_s = models.PositiveIntegerField()
    user_id = models.BigIntegerField()
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    operation_id = models.UUIDField()
    queued_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sheet", "kind", "before_s", "user_id"], name="sheet_notice_once"),
        ]


class RenewalSheetRecord(models.Model):
    """Who decided what in a closed sheet, as a document; append-only, so that every download has the same bytes."""

    sheet = models.OneToOneField(RenewalSheet, on_delete=models.PROTECT)
    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    content: Any = models.JSONField()
    content_hash = models.CharField(max_length=64)
    document = models.BinaryField()
    document_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
