"""The house's arrows: who may import whom, and what a data-plane process must never load."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_imports_follow_the_arrows():
    result = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout


def test_a_data_plane_process_loads_no_django_model_and_no_portal_settings():
    program = (
        "import sys, gateway_runtime.asgi, gateway_runtime.serve\n"
        "print([name for name in sys.modules if name.startswith(('django.db.models.base', 'portal', 'apps.'))"
        " and not name.startswith(('apps.core', 'portal.settings.runtime')) and name not in ('portal', 'portal.settings')])"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert result.stdout.strip() == "[]", result.stdout + result.stderr


def test_no_module_hides_behind_a_name_that_says_nothing():
    forbidden = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}

    offenders = [
        path.relative_to(ROOT)
        for package in ("apps", "portal", "gateway_runtime")
        for path in (ROOT / package).rglob("*.py")
        if path.stem in forbidden or path.parent.name in forbidden
    ]

    assert offenders == []
