"""Tables of the catalogue room: SKUs, products, offers, price lists, a reseller's own prices, vendor rules as data."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

SEGMENTS = ("commercial", "education", "government", "non_profit")
APPLIES_TO = ("user", "company", "device")
RETURN_RULES = ("window", "any_time", "never")
PRICE_KINDS = ("rrp", "markup", "fixed")


class Sku(models.Model):
    """A licence in the vendor's directory, known by its GUID; `search_text` is folded from all its names."""

    vendor_key = models.CharField(max_length=32)
    sku_id = models.CharField(max_length=64)
    part_number = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    applies_to = models.CharField(max_length=8, default="user")
    search_text = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "sku_id"], name="sku_once"),
            models.CheckConstraint(condition=~Q(sku_id="") & ~Q(name=""), name="sku_has_id_and_name"),
            models.CheckConstraint(condition=Q(applies_to__in=APPLIES_TO), name="sku_applies_to_known"),
        ]


class SkuAlias(models.Model):
    """A name or part number that a SKU had before or has elsewhere; it stays searchable (R034)."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, db_index=False)
    alias = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sku", "alias"], name="sku_alias_once"),
            models.CheckConstraint(condition=~Q(alias=""), name="sku_alias_has_text"),
        ]


class ServicePlan(models.Model):
    """A feature component inside SKUs, such as an Exchange mailbox."""

    vendor_key = models.CharField(max_length=32)
    plan_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "plan_id"], name="service_plan_once"),
        ]


class SkuServicePlan(models.Model):
    """A SKU contains a service plan, according to the vendor's latest table."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, db_index=False)
    plan = models.ForeignKey(ServicePlan, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sku", "plan"], name="sku_service_plan_once"),
        ]


class Product(models.Model):
    """A SKU of the commerce catalogue (`product_id`:`vendor_sku_id`) with the rules for buying it in any term.

    `family` joins products whose seats count together against a cap (policy figure `maximum_seats`). A `maximum` of
    None means that no limit is known.
    """

    vendor_key = models.CharField(max_length=32)
    product_id = models.CharField(max_length=40)
    vendor_sku_id = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    publisher = models.CharField(max_length=100, default="")
    sku = models.ForeignKey(Sku, null=True, on_delete=models.PROTECT)
    minimum = models.PositiveIntegerField(default=1)
    maximum = models.PositiveIntegerField(null=True)
    family = models.CharField(max_length=64, default="")
    is_add_on = models.BooleanField(default=False)
    is_trial = models.BooleanField(default=False)
    is_self_service = models.BooleanField(default=True)
    search_text = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "product_id", "vendor_sku_id"], name="product_once"),
            models.CheckConstraint(condition=~Q(title=""), name="product_has_title"),
            models.CheckConstraint(condition=Q(minimum__gte=1), name="product_minimum_is_one_or_more"),
            models.CheckConstraint(
                condition=Q(maximum=None) | Q(maximum__gte=F("minimum")), name="product_maximum_not_below_minimum"
            ),
        ]


class ProductAlias(models.Model):
    """A title that a product had in an earlier price list; it stays searchable."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False)
    alias = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["product", "alias"], name="product_alias_once"),
            models.CheckConstraint(condition=~Q(alias=""), name="product_alias_has_text"),
        ]


class Prerequisite(models.Model):
    """An add-on needs one of the products that its prerequisites name; any one in the tenant is enough."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False, related_name="prerequisites")
    needs = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="needed_by")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["product", "needs"], name="prerequisite_once"),
            models.CheckConstraint(condition=~Q(product=F("needs")), name="prerequisite_is_another_product"),
        ]


class UpgradePath(models.Model):
    """The vendor moves a subscription from one product to another in place; only listed paths exist."""

    source = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False, related_name="upgrades")
    target = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="upgraded_from")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "target"], name="upgrade_path_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="upgrade_path_leads_elsewhere"),
        ]


class Offer(models.Model):
    """A product in one segment, term, billing plan and market: the durable key, free of availability ids."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False)
    segment = models.CharField(max_length=16)
    term = models.CharField(max_length=8)
    billing_plan = models.CharField(max_length=16)
    market = models.CharField(max_length=2)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["product", "segment", "term", "billing_plan", "market"], name="offer_once"),
            models.CheckConstraint(condition=Q(segment__in=SEGMENTS), name="offer_segment_known"),
            models.CheckConstraint(
                condition=Q(term="P1M", billing_plan="monthly")
                | Q(term="P1Y", billing_plan__in=("monthly", "annual"))
                | Q(term="P3Y", billing_plan__in=("monthly", "annual", "triennial")),
                name="offer_term_and_billing_plan_agree",
            ),
        ]


class PriceList(models.Model):
    """One version of the prices for a market, currency and segment, in force from `valid_from_on` until the next one.

    `reseller` None means the vendor's list for the whole installation; a reseller's own list goes before it. Versions
    are added, never changed (the database refuses). `content_hash` is over the lines alone: a file that says the same
    in another order or dress makes no new version.
    """

    vendor_key = models.CharField(max_length=32)
    reseller = models.ForeignKey("customers.Reseller", null=True, on_delete=models.PROTECT)
    market = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    segment = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    valid_from_on = models.DateField()
    source_name = models.CharField(max_length=200)
    source_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    line_count = models.PositiveIntegerField()
    are_examples = models.BooleanField(default=False)
    imported_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor_key", "reseller", "market", "currency", "segment", "version"],
                name="price_list_version_once",
            ),
            models.UniqueConstraint(
                fields=["vendor_key", "market", "currency", "segment", "version"],
                condition=Q(reseller=None),
                name="price_list_version_once_for_all",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="price_list_version_counts_from_one"),
            models.CheckConstraint(condition=Q(segment__in=SEGMENTS), name="price_list_segment_known"),
        ]


class PriceListLine(models.Model):
    """The price of one seat of an offer for one billing period, in hundred-millionths of the currency's main unit.

    Exact on every database: an integer keeps the vendor's decimals, where SQLite would make a binary fraction of them.
    """

    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, db_index=False)
    valid_from_on = models.DateField()
    valid_until_on = models.DateField(null=True)
    tier_min = models.PositiveIntegerField(default=1)
    tier_max = models.PositiveIntegerField(null=True)
    unit_price_e8 = models.BigIntegerField()
    rrp_e8 = models.BigIntegerField(null=True)
    unit_of_measure = models.CharField(max_length=64)
    tags = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["offer", "price_list", "valid_from_on", "tier_min"], name="price_line_once"
            ),
            models.CheckConstraint(
                condition=Q(unit_price_e8__gte=0) & (Q(rrp_e8=None) | Q(rrp_e8__gte=0)), name="price_line_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(valid_until_on=None) | Q(valid_until_on__gt=F("valid_from_on")), name="price_line_has_days"
            ),
            models.CheckConstraint(
                condition=Q(tier_min__gte=1) & (Q(tier_max=None) | Q(tier_max__gte=F("tier_min"))),
                name="price_line_has_seats",
            ),
        ]


class CatalogueItem(models.Model):
    """A product as one reseller shows it: under an own label (R034), on sale or not, to order or to ask for (R049)."""

    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    own_label = models.CharField(max_length=200, default="")
    is_offered = models.BooleanField(default=True)
    is_self_service = models.BooleanField(default=True)
    search_text = models.TextField(default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["reseller", "product"], name="catalogue_item_once"),
        ]


class SalesPrice(models.Model):
    """How a reseller prices an offer from a day on: the vendor's RRP, a mark-up on cost, or a fixed price.

    Without any row the RRP counts. Rows are added, never changed; of two for one day the later one counts.
    """

    reseller = models.ForeignKey("customers.Reseller", on_delete=models.PROTECT)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    valid_from_on = models.DateField()
    kind = models.CharField(max_length=8)
    markup_basis_points = models.IntegerField(null=True)
    fixed_e8 = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind="rrp", markup_basis_points=None, fixed_e8=None, currency="")
                | Q(
                    kind="markup",
                    markup_basis_points__isnull=False,
                    markup_basis_points__gte=-10_000,
                    fixed_e8=None,
                    currency="",
                )
                | (
                    Q(kind="fixed", markup_basis_points=None, fixed_e8__isnull=False, fixed_e8__gte=0) & ~Q(currency="")
                ),
                name="sales_price_has_its_figure",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["reseller", "offer", "valid_from_on"], name="sales_price_in_force"),
        ]


class ReturnPolicy(models.Model):
    """How long seats can be returned at a vendor, as one version of a rule with its source.

    `return_window_s` runs from the exact instant at which the seats were added; `safety_margin_s` is ours: we stop
    offering the return that long before the end. `takes_whole_line_only` means that no part of a line goes back.
    `lock_before_renewal_s` is how long before the renewal instructions can no longer change.
    """

    vendor_key = models.CharField(max_length=32)
    offer_class = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    valid_from_on = models.DateField()
    return_rule = models.CharField(max_length=8)
    return_window_s = models.PositiveIntegerField(null=True)
    safety_margin_s = models.PositiveIntegerField(default=0)
    takes_whole_line_only = models.BooleanField(default=False)
    lock_before_renewal_s = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor_key", "offer_class", "version"], name="return_policy_version_once"),
            models.CheckConstraint(
                condition=Q(
                    return_rule="window", return_window_s__isnull=False, return_window_s__gt=F("safety_margin_s")
                )
                | Q(return_rule__in=("any_time", "never"), return_window_s=None),
                name="return_policy_window_fits_rule",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="return_policy_has_source"),
        ]


class PolicyFigure(models.Model):
    """Any other number of a vendor's rules (a surcharge, a cap, a notice period) as one version with its source.

    A day is the number YYYYMMDD. Rules that are ours and no vendor's stand under `seatwright`.
    """

    vendor_key = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    figure = models.CharField(max_length=64)
    amount = models.IntegerField()
    unit = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    valid_from_on = models.DateField()
    source = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor_key", "subject", "figure", "version"], name="policy_figure_version_once"
            ),
            models.CheckConstraint(
                condition=Q(unit__in=("seconds", "days", "seats", "basis_points", "percent", "date")),
                name="policy_figure_unit_known",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="policy_figure_has_source"),
        ]
