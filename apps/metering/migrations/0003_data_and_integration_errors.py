from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0002_sketches_and_cache'),
    ]

    operations = [
        migrations.AddField(
            model_name='trafficminute',
            name='data_processed',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='trafficminute',
            name='integration_errors',
            field=models.BigIntegerField(default=0),
        ),
    ]
