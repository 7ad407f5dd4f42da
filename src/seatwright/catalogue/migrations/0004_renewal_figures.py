from typing import ClassVar

from django.db import migrations, models

from seatwright.catalogue import vendor_rules


def seed(apps, schema_editor):
    vendor_rules.add_missing(
        policies=apps.get_model("catalogue", "ReturnPolicy"), figures=apps.get_model("catalogue", "PolicyFigure")
    )


class Migration(migrations.Migration):
    # On PostgreSQL rows cannot be added in the transaction that changes their table's constraints.
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("catalogue", "0003_vendor_rules")]

    operations: ClassVar[list[object]] = [
        migrations.RemoveConstraint(model_name="policyfigure", name="policy_figure_unit_known"),
        migrations.AddConstraint(
            model_name="policyfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__in", ("seconds", "days", "seats", "basis_points", "percent", "date"))),
                name="policy_figure_unit_known",
            ),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
