"""Plugs the parts together: vendors into the workflows, journeys into the operations engine."""

import datetime as dt
import functools
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings

from seatwright.vendors import port

if TYPE_CHECKING:
    from seatwright.config.environment import Environment


class Wiring(AppConfig):
    """Runs once per process, after all rooms are loaded."""

    name = "seatwright.config"
    label = "config"

    def ready(self) -> None:
        """Wire the process; nothing is imported here that a web process would not need."""
        from seatwright.operations import engine
        from seatwright.web import mail_texts, sheet_record
        from seatwright.workflows import (
            agreement_operation,
            buy_operation,
            change_seats,
            close_sheet,
            connections,
            move_operation,
            record_sheet,
            schedule_operation,
            send_mail,
            status_operation,
            swap_operation,
            sync_tenant,
            term_operation,
            transition_operation,
            travel_in_time,
            watch_renewals,
        )

        engine.expect(
            busy=(port.VendorBusy,),
            down=(port.VendorDown, port.VendorMissing, port.VendorGarbled),
            denied=(port.VendorDenied,),
        )
        connections.plug_in(connect)
        if settings.ENVIRONMENT.simulator_admin_url:
            travel_in_time.plug_in(move_simulator)
        agreement_operation.register()
        buy_operation.register()
        change_seats.register()
        move_operation.register()
        schedule_operation.register()
        status_operation.register()
        swap_operation.register()
        sync_tenant.register()
        term_operation.register()
        transition_operation.register()
        send_mail.plug_in(mail_texts.compose)
        send_mail.register()
        watch_renewals.register()
        close_sheet.register()
        record_sheet.plug_in(sheet_record.draw)
        record_sheet.register()


def move_simulator(to: dt.datetime) -> None:
    """Move the vendor simulator's clock along with the installation's."""
    from seatwright.vendors import simulator_clock

    environment: Environment = settings.ENVIRONMENT
    simulator_clock.advance(
        base_url=environment.simulator_admin_url,
        admin_token=environment.simulator_admin_token.get_secret_value(),
        to=to,
    )


@functools.lru_cache(maxsize=64)
def connect(vendor_key: str, partner_tenant_id: str) -> port.Vendor:
    """The vendor account of this partner tenant, one client per process; raises VendorDenied when not configured."""
    environment: Environment = settings.ENVIRONMENT
    if vendor_key != "microsoft":
        raise port.VendorDenied(f"No adapter is installed for the vendor {vendor_key!r}.")
    if partner_tenant_id.lower() != environment.vendor_partner_tenant_id.lower():
        raise port.VendorDenied("This installation holds no credential for that partner tenant.")
    from seatwright.vendors import http, microsoft

    return microsoft.connect(
        microsoft.MicrosoftSettings(
            partner_tenant_id=environment.vendor_partner_tenant_id,
            client_id=environment.vendor_client_id,
            client_secret=environment.vendor_client_secret.get_secret_value(),
            partner_base_url=environment.vendor_partner_base_url,
            graph_base_url=environment.vendor_graph_base_url,
            login_base_url=environment.vendor_login_base_url,
            ca_file=environment.vendor_ca_file,
            timeouts=http.Timeouts(read_s=environment.vendor_timeout_s, total_s=2 * environment.vendor_timeout_s),
        )
    )
