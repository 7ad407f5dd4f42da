from typing import ClassVar

from django.db import migrations

from seatwright.catalogue import vendor_rules


def seed(apps, schema_editor):
    vendor_rules.add_missing(
        policies=apps.get_model("catalogue", "ReturnPolicy"),
        figures=apps.get_model("catalogue", "PolicyFigure"),
        with_dates=False,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("catalogue", "0002_append_only")]

    operations: ClassVar[list[object]] = [migrations.RunPython(seed, migrations.RunPython.noop)]
