from typing import ClassVar

from django.db import migrations

from seatwright.access import append_only


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("catalogue", "0001_initial")]

    operations: ClassVar[list[object]] = [
        append_only.guard("catalogue_pricelist"),
        append_only.guard("catalogue_pricelistline"),
        append_only.guard("catalogue_salesprice"),
    ]
