"""A subscription as Partner Center sends it, for tests to bend."""

from typing import Any

from tests.vendors.conftest import PARTNER, TENANT

SUBSCRIPTION_ID = "a4c1340d-6911-4758-bba3-0c4c6007d161"
URL = f"{PARTNER}/v1/customers/{TENANT.customer_id}/subscriptions/{SUBSCRIPTION_ID}"


def resource(**changes: Any) -> dict[str, Any]:
    return {
        "id": SUBSCRIPTION_ID.upper(),
        "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "offerName": "Business Basic",
        "friendlyName": "Büro",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": 10,
        "creationDate": "2026-01-15T16:57:15.0966728Z",
        "effectiveStartDate": "2026-01-15T16:57:14.498252Z",
        "commitmentEndDate": "2027-01-14T00:00:00Z",
        "billingCycleEndDate": "2026-12-14T00:00:00Z",
        "cancellationAllowedUntilDate": None,
        "status": "active",
        "autoRenewEnabled": True,
        "isTrial": False,
        "billingCycle": "monthly",
        "termDuration": "P1Y",
        "scheduledNextTermInstructions": {"quantity": 8, "product": {"productId": "CFQ7TTC0LH18"}},
        "promotionPrice": 12.50,
        "memberOfTomorrow": {"a": [1, None]},
        "attributes": {"objectType": "Subscription", "etag": "v2"},
    } | changes
