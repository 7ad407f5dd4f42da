"""Partner Center's view of a tenant's licences: one pool per licence, whoever sold its seats."""

from vendor_simulator import exchange, graph_licences, partner_customers, partner_wire


def list_subscribed_skus(call: exchange.Call) -> exchange.Answer:
    """Assigned units may exceed the total after a reduction, and then less than nothing is available."""
    partner_wire.require_user(call)
    customer = partner_customers.require(call)
    groups = {value.lower() for name, value in call.query if name.lower() == "licensegroupids"}
    pools = graph_licences.pools(call.connection, tenant_id=customer["tenant_id"])
    items = [
        _subscribed_sku(call, pool)
        for pool in pools.values()
        if any(source.status != "Deleted" for source in pool.sources) and (not groups or "group1" in groups)
    ]
    body = {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}
    return exchange.Answer(body=body)


def _subscribed_sku(call: exchange.Call, pool: graph_licences.Pool) -> partner_wire.Document:
    units = pool.units
    total = units["enabled"] + units["warning"]
    row = call.connection.execute(
        "SELECT title FROM skus WHERE provisioning_id = ? ORDER BY product_id, sku_id LIMIT 1", (pool.sku_id,)
    ).fetchone()
    return {
        "availableUnits": total - pool.consumed,
        "activeUnits": units["enabled"],
        "consumedUnits": pool.consumed,
        "suspendedUnits": units["suspended"],
        "totalUnits": total,
        "warningUnits": units["warning"],
        "productSku": {
            "id": pool.sku_id,
            "name": pool.part_number if row is None else row["title"],
            "skuPartNumber": pool.part_number,
            "targetType": pool.applies_to,
            "licenseGroupId": "group1",
        },
        "servicePlans": [
            {
                "displayName": plan.get("servicePlanName", ""),
                "serviceName": plan.get("servicePlanName", ""),
                "id": plan["servicePlanId"],
                "capabilityStatus": pool.capability_status,
                "targetType": plan.get("appliesTo", "User"),
            }
            for plan in pool.plans
        ],
        "capabilityStatus": pool.capability_status,
        "attributes": {"objectType": "SubscribedSku"},
    }
