import django.db.models.deletion
from django.db import migrations, models

from seatwright.access import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0007_alarm_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='LatePrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reseller_id', models.UUIDField()),
                ('customer_id', models.UUIDField()),
                ('start_on', models.DateField()),
                ('offer_key', models.CharField(max_length=160)),
                ('unit_rate', models.CharField(max_length=32)),
                ('currency', models.CharField(max_length=3)),
                ('price_list_version', models.CharField(max_length=64)),
                ('entered_at', models.DateTimeField()),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='subscriptions.subscription')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subscription', 'start_on'), name='late_price_once'), models.CheckConstraint(condition=models.Q(('unit_rate', ''), _negated=True), name='late_price_is_one')],
            },
        ),
        migrations.AddIndex(
            model_name='heldterm',
            index=models.Index(condition=models.Q(('unit_rate', '')), fields=['reseller_id'], name='held_term_unpriced'),
        ),
        append_only.guard('subscriptions_lateprice'),
    ]
