"""Tables of the customers room: resellers, customers, their tenants at vendors, and who belongs to them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from seatwright.access import identifiers
from seatwright.access.actors import CUSTOMER_ROLES, STAFF_ROLES


class Reseller(models.Model):
    """A company that sells licences and owns the relationship with its customers; `time_zone` makes business dates."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    name = models.CharField(max_length=150)
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    support_contact = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField()


class Customer(models.Model):
    """An end customer of one reseller."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    name = models.CharField(max_length=150)
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=20, default="")
    segment = models.CharField(max_length=16, default="commercial")
    time_zone = models.CharField(max_length=64)
    package_minimum = models.PositiveIntegerField(default=1)
    search_text = models.CharField(max_length=400)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~models.Q(name=""), name="customer_has_name"),
            models.CheckConstraint(condition=models.Q(package_minimum__gte=1), name="customer_keeps_one_seat"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["reseller", "name", "id"], name="customer_by_name"),
        ]


class VendorAccount(models.Model):
    """A reseller's account at a vendor; its credentials live in the settings or encrypted, never here in clear."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    vendor_key = models.CharField(max_length=32)
    partner_tenant_id = models.CharField(max_length=64)
    label = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "partner_tenant_id"], name="vendor_account_once"),
        ]


class Tenant(models.Model):
    """A customer's isolated instance at a vendor, named by its primary domain (R003)."""

    id = models.UUIDField(primary_key=True, default=identifiers.new_id, editable=False)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    account = models.ForeignKey(VendorAccount, on_delete=models.PROTECT)
    vendor_key = models.CharField(max_length=32)
    vendor_tenant_id = models.CharField(max_length=64)
    vendor_customer_id = models.CharField(max_length=64)
    primary_domain = models.CharField(max_length=253)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "vendor_tenant_id", "account"], name="tenant_once"),
        ]


class AgreementAcceptance(models.Model):
    """Who accepted which version of the vendor's agreement for a tenant, when, and on whose word; append-only.

    `source` is portal where it was accepted here, vendor where the vendor had it on record before.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    template_id = models.CharField(max_length=64)
    version = models.IntegerField(null=True)
    link = models.CharField(max_length=500)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=40)
    accepted_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=8)
    on_whose_word = models.CharField(max_length=300)
    recorded_by_user_id = models.BigIntegerField(null=True)
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(source__in=("portal", "vendor")), name="agreement_source_known"),
            models.CheckConstraint(
                condition=models.Q(source="vendor")
                | models.Q(accepted_at__isnull=False) & ~models.Q(first_name="") & ~models.Q(email=""),
                name="agreement_names_who_accepted",
            ),
        ]


class Membership(models.Model):
    """What a person is for one customer, or for a reseller as staff."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT)
    role = models.CharField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "reseller", "customer", "role"],
                condition=models.Q(customer__isnull=False),
                name="membership_once_at_customer",
            ),
            models.UniqueConstraint(
                fields=["user", "reseller", "role"],
                condition=models.Q(customer__isnull=True),
                name="membership_once_at_reseller",
            ),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False, role__in=sorted(CUSTOMER_ROLES))
                | models.Q(customer__isnull=True, role__in=sorted(STAFF_ROLES)),
                name="membership_role_fits_place",
            ),
        ]
