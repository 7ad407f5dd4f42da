from django.db import migrations, models

from seatwright.access import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0008_late_price'),
    ]

    operations = append_only.kept('subscriptions_heldterm', [
        migrations.AddField(
            model_name='heldterm',
            name='is_extended',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='heldterm',
            name='is_trial',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='heldterm',
            name='shown_key',
            field=models.CharField(default='', max_length=160),
        ),
        migrations.AddField(
            model_name='heldterm',
            name='sku_id',
            field=models.CharField(default='', max_length=36),
        ),
    ])
