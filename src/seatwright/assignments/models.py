"""Tables of the assignments room: people of a tenant, the licences they hold, and the pools these come from."""

from typing import ClassVar

from django.db import models


class Person(models.Model):
    """A user of a tenant as last read from its directory."""

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    tenant = models.ForeignKey("customers.Tenant", on_delete=models.CASCADE)
    vendor_person_id = models.CharField(max_length=64)
    user_principal_name = models.CharField(max_length=320)
    display_name = models.CharField(max_length=256)
    mail = models.CharField(max_length=320)
    department = models.CharField(max_length=64)
    usage_location = models.CharField(max_length=8)
    is_enabled = models.BooleanField()
    is_guest = models.BooleanField()
    licence_count = models.PositiveIntegerField()
    search_text = models.CharField(max_length=700)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "vendor_person_id"], name="person_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "display_name", "id"], name="person_by_name"),
        ]


class Assignment(models.Model):
    """One licence of one person by origin: direct when `group_id` is empty, else by that group."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    tenant = models.ForeignKey("customers.Tenant", on_delete=models.CASCADE)
    sku_id = models.CharField(max_length=36)
    group_id = models.CharField(max_length=36, default="")
    state = models.CharField(max_length=20)
    error = models.CharField(max_length=64, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "sku_id", "group_id"], name="assignment_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tenant", "sku_id"], name="assignment_by_pool")]


class Pool(models.Model):
    """Units of one SKU in a tenant over all sellers, as last read; `foreign_units` were not sold by us (R052)."""

    reseller_id = models.UUIDField()
    customer_id = models.UUIDField()
    tenant = models.ForeignKey("customers.Tenant", on_delete=models.CASCADE)
    sku_id = models.CharField(max_length=36)
    part_number = models.CharField(max_length=120)
    applies_to = models.CharField(max_length=16)
    enabled_units = models.IntegerField()
    warning_units = models.IntegerField()
    suspended_units = models.IntegerField()
    consumed_units = models.IntegerField()
    foreign_units = models.IntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sku_id"], name="pool_once"),
        ]
