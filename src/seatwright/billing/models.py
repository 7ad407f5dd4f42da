"""Tables of the billing room: charges, the very rows that a quote computed and an invoice will collect."""

from typing import ClassVar

from django.db import models


class Charge(models.Model):
    """An amount owed by a customer for seats over a period of days; append-only, corrected only by further rows.

    `period_end_on` is the first day after. `amount_minor` is net, in minor units of `currency`, and equals the quoted
    amount to the cent; days, seats and `unit_rate` are the explanation that the customer saw (idea 5).
    """

    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    operation_id = models.UUIDField()
    order_line_id = models.UUIDField(null=True)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    seats = models.IntegerField()
    days = models.PositiveIntegerField()
    cycle_days = models.PositiveIntegerField()
    period_start_on = models.DateField()
    period_end_on = models.DateField()
    unit_rate = models.CharField(max_length=32)
    price_list_version = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    rounding_minor = models.IntegerField()
    currency = models.CharField(max_length=3)
    tax_basis_points = models.PositiveIntegerField()
    tax_treatment = models.CharField(max_length=24)
    booked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation_id", "position"], name="charge_once_per_operation"),
            models.CheckConstraint(
                condition=models.Q(period_end_on__gt=models.F("period_start_on")), name="charge_period_has_days"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "period_start_on"], name="charge_by_customer"),
            models.Index(fields=["subscription", "period_start_on"], name="charge_by_subscription"),
        ]
