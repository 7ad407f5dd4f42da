"""The vendor's own reassignment of licences after an upgrade: people change from the old SKU to the new one."""

import dataclasses
import datetime as dt
import sqlite3

from vendor_simulator import directory, graph_people


def move(
    connection: sqlite3.Connection,
    *,
    tenant_id: str,
    old_sku_id: str,
    new_sku_id: str,
    most: int,
    at: dt.datetime,
) -> int:
    """Gives up to `most` people who hold the old licence directly the new one instead, and tells how many.

    Licences that come from a group stay; ids are those of the directory.
    """
    directory.create_tables(connection)
    rows = connection.execute(
        "SELECT DISTINCT l.user_id FROM directory_licences l JOIN directory_users u USING (tenant_id, user_id)"
        " WHERE l.tenant_id = ? AND l.sku_id = ? AND l.group_id = '' AND u.deleted_at IS NULL"
        " ORDER BY u.position LIMIT ?",
        (tenant_id, old_sku_id, most),
    ).fetchall()
    users = graph_people.any_users(connection, tenant_id=tenant_id, user_ids=[row["user_id"] for row in rows])
    for user in users.values():
        after = [_moved(licence, old_sku_id, new_sku_id) for licence in user.licences]
        graph_people.replace_licences(connection, tenant_id=tenant_id, user=user, licences=after, at=at)
    return len(users)


def _moved(licence: graph_people.Licence, old_sku_id: str, new_sku_id: str) -> graph_people.Licence:
    if (licence.sku_id, licence.group_id) != (old_sku_id, ""):
        return licence
    return dataclasses.replace(licence, sku_id=new_sku_id, disabled_plans=())
