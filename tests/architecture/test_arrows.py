"""The house's arrows: who may import whom, and what a data-plane process must never load."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_imports_follow_the_arrows():
    result = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout


def test_a_data_plane_process_loads_no_model_app_and_no_portal_settings():
    program = (
        "import sys, gateway_runtime.asgi, gateway_runtime.worker\n"
        "from django.apps import apps\n"
        "assert not apps.ready\n"
        "ours = [name for name in sys.modules if name.split('.')[0] in ('portal', 'apps')]\n"
        "print([name for name in ours if not name.startswith('apps.core')"
        " and name not in ('apps', 'portal', 'portal.settings', 'portal.settings.runtime')])"
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


def test_tests_import_each_other_by_their_whole_names():
    """`from tests.builders import …`: then any of them can be collected with any other, in any order."""
    files = list((ROOT / "tests").rglob("*.py"))
    names = {path.stem for path in files} - sys.stdlib_module_names
    bare = re.compile(rf"^(?:from|import) (?:{'|'.join(names)})\b.*", re.MULTILINE)

    assert {str(path.relative_to(ROOT)): found for path in files if (found := bare.findall(path.read_text()))} == {}


def test_no_two_pages_have_one_name():
    """A link by name would lead to whichever comes last."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def names(resolver: URLResolver, space: str) -> list[str]:
        found: list[str] = []
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                found += names(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
            elif isinstance(entry, URLPattern) and entry.name:
                found.append(space + entry.name)
        return found

    ours = [name for name in names(get_resolver(), "") if name.startswith(("console:", "developer:"))]

    assert [name for name, times in Counter(ours).items() if times > 1] == []
