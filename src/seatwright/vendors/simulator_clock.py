"""Moves the clock of the vendor simulator, for demo and test installations alone; no real vendor has such a call."""

import datetime as dt

import httpx2

from seatwright.vendors import port

TIMEOUT_S = 60.0


def advance(*, base_url: str, admin_token: str, to: dt.datetime) -> None:
    """Set the simulator's clock to `to` and let it run on from there; raises VendorDown when it does not answer so."""
    try:
        answer = httpx2.post(
            f"{base_url.rstrip('/')}/_admin/clock",
            json={"now": to.astimezone(dt.UTC).isoformat(), "mode": "running"},
            headers={"X-Admin-Token": admin_token},
            timeout=TIMEOUT_S,
            follow_redirects=False,
        )
    except httpx2.HTTPError as error:
        raise port.VendorDown("The vendor simulator does not answer.") from error
    if answer.status_code != httpx2.codes.OK:
        raise port.VendorDown(f"The vendor simulator refused to move its clock ({answer.status_code}).")
