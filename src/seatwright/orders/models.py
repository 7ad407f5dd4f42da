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
