import apps.accounts.written_json
import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def note_canaries(apps, schema_editor):
    """Canaries that are released already count as released now: since when they are nobody knows."""
    now = timezone.now()
    known = apps.get_model('deployments', 'StageCanary').objects
    for stage in apps.get_model('deployments', 'Stage').objects.exclude(canary_settings=None):
        released = (stage.canary_settings or {}).get('deploymentId')
        if released:
            minute = now.replace(second=0, microsecond=0)
            known.create(stage=stage, deployment_id=released, released=now, measured_from=minute)


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0002_extensions_and_cache_flushes'),
    ]

    operations = [
        migrations.CreateModel(
            name='StageCanary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment_id', models.CharField(max_length=10)),
                ('released', models.DateTimeField()),
                ('measured_from', models.DateTimeField()),
                ('ended', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('promoted', 'Promoted'), ('ended', 'Ended'), ('replaced', 'Replaced')], max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('guard', apps.accounts.written_json.WrittenJSONField(blank=True, null=True)),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='canaries', to='deployments.stage')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended', None)), fields=('stage',), name='one_canary_at_a_time')],
            },
        ),
        migrations.RunPython(note_canaries, migrations.RunPython.noop),
    ]
