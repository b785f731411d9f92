from collections import defaultdict
from datetime import timedelta
from itertools import groupby

from django.db import migrations, models
from django.utils import timezone

SUMS = (
    "count", "errors_4xx", "errors_5xx", "latency_ms", "integration_latency_ms", "cache_hits", "cache_misses",
    "integration_errors", "data_processed",
)  # fmt: skip


def roll_up(apps, schema_editor):
    """Minutes that were counted before: into the hours, and those of the last two days into minutes of stages and methods."""
    minutes = apps.get_model('metering', 'TrafficMinute').objects.order_by('minute').iterator(chunk_size=2000)
    rollups = apps.get_model('metering', 'TrafficRollup').objects
    recent = timezone.now() - timedelta(days=2)
    for hour, rows in groupby(minutes, lambda row: row.minute.replace(minute=0, second=0, microsecond=0)):
        found = {}
        for row in rows:
            for place in places(row, hour, recent):
                add(found.setdefault(place, {'latency_buckets': defaultdict(int), **dict.fromkeys(SUMS, 0)}), row)
        names = ('scope', 'step', 'start', 'account_id', 'region', 'api_id', 'stage_name', 'resource', 'method', 'key_id')
        rollups.bulk_create(
            [rollups.model(**dict(zip(names, place, strict=True)), **sums) for place, sums in found.items()], batch_size=500
        )


def places(row, hour, recent):
    steps = [(3600, hour)] + ([(60, row.minute)] if row.minute >= recent else [])
    for step, start in steps:
        yield ('account', step, start, row.account_id, row.region, '', '', '', '', '')
        of_stage = (step, start, row.account_id, row.region, row.api_id, row.stage_name)
        yield ('stage', *of_stage, '', '', '')
        yield ('method', *of_stage, row.resource, row.method, '')
        if step == 3600:
            yield ('key', *of_stage, '', '', row.key_id)


def add(sums, row):
    for name in SUMS:
        sums[name] += getattr(row, name)
    for at, count in row.latency_buckets.items():
        sums['latency_buckets'][at] += count


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0003_data_and_integration_errors'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrafficRollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.CharField(max_length=12)),
                ('region', models.CharField(max_length=32)),
                ('api_id', models.CharField(blank=True, max_length=10)),
                ('stage_name', models.CharField(blank=True, max_length=128)),
                ('resource', models.CharField(blank=True, max_length=1024)),
                ('method', models.CharField(blank=True, max_length=16)),
                ('key_id', models.CharField(blank=True, max_length=128)),
                ('canary', models.BooleanField(default=False)),
                ('count', models.BigIntegerField(default=0)),
                ('errors_4xx', models.BigIntegerField(default=0)),
                ('errors_5xx', models.BigIntegerField(default=0)),
                ('throttled', models.BigIntegerField(default=0)),
                ('latency_ms', models.FloatField(default=0)),
                ('integration_latency_ms', models.FloatField(default=0)),
                ('cache_hits', models.BigIntegerField(default=0)),
                ('cache_misses', models.BigIntegerField(default=0)),
                ('integration_errors', models.BigIntegerField(default=0)),
                ('data_processed', models.BigIntegerField(default=0)),
                ('latency_buckets', models.JSONField(default=dict)),
                ('integration_buckets', models.JSONField(default=dict)),
                ('scope', models.CharField(choices=[('account', 'Account'), ('stage', 'Stage'), ('method', 'Method'), ('key', 'Key')], max_length=8)),
                ('step', models.IntegerField()),
                ('start', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='trafficminute',
            name='one_traffic_row_per_minute',
        ),
        migrations.AddField(
            model_name='trafficminute',
            name='canary',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='trafficminute',
            name='integration_buckets',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='trafficminute',
            name='throttled',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='trafficminute',
            name='api_id',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AlterField(
            model_name='trafficminute',
            name='method',
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AlterField(
            model_name='trafficminute',
            name='stage_name',
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddConstraint(
            model_name='trafficminute',
            constraint=models.UniqueConstraint(fields=('account_id', 'region', 'api_id', 'stage_name', 'resource', 'method', 'key_id', 'minute', 'canary'), name='one_traffic_row_per_minute'),
        ),
        migrations.AddIndex(
            model_name='trafficrollup',
            index=models.Index(fields=['account_id', 'scope', 'step', 'start'], name='rollups_of_account'),
        ),
        migrations.AddIndex(
            model_name='trafficrollup',
            index=models.Index(fields=['account_id', 'key_id', 'scope', 'step', 'start'], name='rollups_of_key'),
        ),
        migrations.AddConstraint(
            model_name='trafficrollup',
            constraint=models.UniqueConstraint(fields=('account_id', 'api_id', 'scope', 'step', 'start', 'key_id', 'region', 'stage_name', 'resource', 'method', 'canary'), name='one_rollup_of_each_step'),
        ),
        migrations.RunPython(roll_up, migrations.RunPython.noop),
    ]
