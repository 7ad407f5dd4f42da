"""Tables of the subscriptions room: what each customer holds, as an append-only ledger of seat lots."""

from typing import Any, ClassVar

from django.db import models

from seatwright.access import identifiers

ACTIVE_STATES = ("active", "pending")


class Subscription(models.Model):
    """One subscription bought through this reseller; `seats` is the sum of its ledger and checked against it.

    Dates are half-open: `commitment_end_on` and `cycle_end_on` are the first day after. `unit_rate` is the sales price
    for one seat and one charge cycle, exact, frozen for the running term (invariant 9). `vendor_*` is what the vendor
    said when last read. A renewal that finished at `renewed_at` makes every seat held then returnable until
    `reopened_until`.
    """

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    tenant = models.ForeignKey("customers.Tenant", on_delete=models.PROTECT)
    vendor_key = models.CharField(max_length=32)
    vendor_subscription_id = models.CharField(max_length=64)
    offer_key = models.CharField(max_length=160)
    sku_id = models.CharField(max_length=36)
    name = models.CharField(max_length=200)
    term = models.CharField(max_length=8)
    billing_plan = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    seats = models.IntegerField()
    anchor_on = models.DateField()
    term_start_on = models.DateField()
    commitment_end_on = models.DateField()
    unit_rate = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    price_list_version = models.CharField(max_length=64)
    auto_renew = models.BooleanField()
    is_trial = models.BooleanField(default=False)
    vendor_seats = models.IntegerField()
    vendor_returnable: Any = models.JSONField(null=True)
    vendor_scheduled: Any = models.JSONField(null=True)
    vendor_end_of_term = models.CharField(max_length=16, default="")
    vendor_next_term: Any = models.JSONField(null=True)
    cancellable_until = models.DateTimeField(null=True)
    renewed_at = models.DateTimeField(null=True)
    reopened_until = models.DateTimeField(null=True)
    read_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "vendor_subscription_id"], name="subscription_once"),
            models.CheckConstraint(
                condition=models.Q(seats__gte=1) | ~models.Q(status__in=ACTIVE_STATES),
                name="subscription_keeps_one_seat",
            ),
            models.CheckConstraint(condition=models.Q(seats__gte=0), name="subscription_seats_not_negative"),
            models.CheckConstraint(
                condition=models.Q(commitment_end_on__gt=models.F("term_start_on")), name="subscription_term_has_days"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "tenant", "name", "id"], name="subscription_by_customer"),
            models.Index(fields=["tenant", "sku_id"], name="subscription_by_pool"),
            models.Index(fields=["reseller", "commitment_end_on", "id"], name="subscription_by_renewal"),
        ]


class HeldTerm(models.Model):
    """One term of a subscription with the price frozen for it; append-only, `end_on` is the first day after.

    `shown_key` names what the vendor showed, be it in the catalogue or not, and `is_extended` says that it was a month
    of extended service and `is_trial` that it cost nothing, so that a price found late is that of what there was.
    """

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    start_on = models.DateField()
    end_on = models.DateField()
    anchor_on = models.DateField()
    term = models.CharField(max_length=8)
    billing_plan = models.CharField(max_length=16)
    offer_key = models.CharField(max_length=160)
    shown_key = models.CharField(max_length=160, default="")
    sku_id = models.CharField(max_length=36, default="")
    is_extended = models.BooleanField(default=False)
    is_trial = models.BooleanField(default=False)
    unit_rate = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    price_list_version = models.CharField(max_length=64)
    charged_from_on = models.DateField()
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subscription", "start_on"], name="held_term_once"),
            models.CheckConstraint(condition=models.Q(end_on__gt=models.F("start_on")), name="held_term_has_days"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["reseller_id"], condition=models.Q(unit_rate=""), name="held_term_unpriced"),
        ]


class LatePrice(models.Model):
    """The price of a term that was entered without one, frozen when one was found; append-only."""

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    start_on = models.DateField()
    offer_key = models.CharField(max_length=160)
    unit_rate = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    price_list_version = models.CharField(max_length=64)
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subscription", "start_on"], name="late_price_once"),
            models.CheckConstraint(condition=~models.Q(unit_rate=""), name="late_price_is_one"),
        ]


class SeatEntry(models.Model):
    """Seats added or taken away at one instant; append-only. A negative entry names the lot it takes from.

    `returnable_until` is our own arithmetic of the lot's window (policy `policy_version`); the vendor's word, kept on
    the subscription, outranks it. The pair of operation and part is unique, so that a repeated step adds nothing.
    """

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    lot = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    seats = models.IntegerField()
    effective_at = models.DateTimeField()
    returnable_until = models.DateTimeField(null=True)
    policy_version = models.CharField(max_length=64)
    operation_id = models.UUIDField(null=True)
    part = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation_id", "part"], name="seat_entry_once_per_operation"),
            models.CheckConstraint(condition=~models.Q(seats=0), name="seat_entry_not_zero"),
            models.CheckConstraint(
                condition=models.Q(lot__isnull=True, seats__gt=0) | models.Q(lot__isnull=False, seats__lt=0),
                name="seat_entry_opens_or_takes",
            ),
        ]


class Drift(models.Model):
    """A difference between our books and the vendor's; open until a person says what it is (invariant 10)."""

    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    ours = models.CharField(max_length=64)
    theirs = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=32, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subscription", "kind"], condition=models.Q(closed_at__isnull=True), name="drift_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, closed_how="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(closed_how="")),
                name="drift_closed_with_cause",
            ),
        ]


class SyncRun(models.Model):
    """One reading of a tenant: when it began and ended, and what came of it."""

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    tenant = models.ForeignKey("customers.Tenant", on_delete=models.PROTECT)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16)
    note = models.CharField(max_length=300, default="")
    found: Any = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tenant", "-id"], name="sync_run_newest")]


class RenewalAlarm(models.Model):
    """What a look at the vendor found at one stage, `before_s` before a term's end; one row for each stage.

    It stands beside drift because it says the same kind of thing: what the vendor holds for a subscription is not what
    it should be. `held` found the wishes stored; `open` did not, until they are read back or mean nothing any more.
    Of another `kind` than missing it stands for a stage that could not be looked at (unverified), for stored wishes
    that cannot come about (blocked), or, with no time before the end, for a term that is over with none following
    (overdue).
    """

    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    renews_on = models.DateField()
    kind = models.CharField(max_length=12, default="missing")
    before_s = models.PositiveIntegerField()
    state = models.CharField(max_length=8)
    is_too_late = models.BooleanField()
    wanted: Any = models.JSONField()
    shown: Any = models.JSONField()
    looked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=16, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subscription", "renews_on", "kind", "before_s"], name="renewal_alarm_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("held", "open"), closed_at__isnull=True, closed_how="")
                | (models.Q(state="closed", closed_at__isnull=False) & ~models.Q(closed_how="")),
                name="renewal_alarm_closed_with_cause",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "looked_at"], condition=models.Q(state="open"), name="renewal_alarm_open"),
        ]
