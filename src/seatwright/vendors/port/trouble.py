"""Trouble, as opposed to an answer to a change: what keeps a vendor from being asked."""

import datetime as dt


class VendorTrouble(Exception):
    """A vendor could not be asked; `safe_text` may be shown to staff and holds no secret and no response body.

    `code` is the vendor's own, empty when it named none.
    """

    def __init__(self, safe_text: str, *, request_ref: str = "", code: str = "") -> None:
        super().__init__(safe_text)
        self.safe_text = safe_text
        self.request_ref = request_ref
        self.code = code


class VendorBusy(VendorTrouble):
    """The vendor asks us to wait until `retry_at` (UTC)."""

    def __init__(self, safe_text: str, *, retry_at: dt.datetime, request_ref: str = "", code: str = "") -> None:
        super().__init__(safe_text, request_ref=request_ref, code=code)
        self.retry_at = retry_at


class VendorDown(VendorTrouble):
    """The vendor cannot be reached, or a read failed on its side."""


class VendorDenied(VendorTrouble):
    """Our credential, role or consent does not allow the call."""


class VendorMissing(VendorTrouble):
    """The resource does not exist for us, or is not visible yet."""


class VendorGarbled(VendorTrouble):
    """The answer is not in the vendor's documented form."""
