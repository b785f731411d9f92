from bisect import bisect_left

from django.db import migrations, models

from apps.core.usage import LATENCY_BOUNDS_MS

# The buckets of rows that were written before.
_BEFORE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000, 10000, 30000)


def to_sketches(apps, schema_editor):
    rows = apps.get_model('metering', 'TrafficMinute').objects.order_by('pk').only('latency_buckets')
    changed = []
    for row in rows.iterator(chunk_size=2000):
        if not isinstance(row.latency_buckets, list):
            continue
        sketch = {}
        for at, count in enumerate(row.latency_buckets):
            if count:
                place = str(bisect_left(LATENCY_BOUNDS_MS, _BEFORE[min(at, len(_BEFORE) - 1)]))
                sketch[place] = sketch.get(place, 0) + count
        row.latency_buckets = sketch
        changed.append(row)
        if len(changed) == 2000:
            type(row).objects.bulk_update(changed, ['latency_buckets'], batch_size=500)
            changed = []
    if changed:
        type(changed[0]).objects.bulk_update(changed, ['latency_buckets'], batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='trafficminute',
            name='cache_hits',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='trafficminute',
            name='cache_misses',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='trafficminute',
            name='latency_buckets',
            field=models.JSONField(default=dict),
        ),
        migrations.RunPython(to_sketches, migrations.RunPython.noop),
    ]
