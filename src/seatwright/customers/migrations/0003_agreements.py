import django.db.models.deletion
from django.db import migrations, models

from seatwright.access import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_membership_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgreementAcceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('template_id', models.CharField(max_length=64)),
                ('version', models.IntegerField(null=True)),
                ('link', models.CharField(max_length=500)),
                ('first_name', models.CharField(max_length=100)),
                ('last_name', models.CharField(max_length=100)),
                ('email', models.CharField(max_length=254)),
                ('phone', models.CharField(max_length=40)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('source', models.CharField(max_length=8)),
                ('on_whose_word', models.CharField(max_length=300)),
                ('recorded_by_user_id', models.BigIntegerField(null=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('recorded_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='customers.customer')),
                ('reseller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='customers.reseller')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='customers.tenant')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('source__in', ('portal', 'vendor'))), name='agreement_source_known'), models.CheckConstraint(condition=models.Q(('source', 'vendor'), models.Q(('accepted_at__isnull', False), models.Q(('first_name', ''), _negated=True), models.Q(('email', ''), _negated=True)), _connector='OR'), name='agreement_names_who_accepted')],
            },
        ),
        append_only.guard("customers_agreementacceptance"),
    ]
