from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("catalogue", "0004_renewal_figures")]

    operations: ClassVar[list[object]] = [
        migrations.AddField(
            model_name="catalogueitem",
            name="is_self_service",
            field=models.BooleanField(default=True),
        ),
    ]
