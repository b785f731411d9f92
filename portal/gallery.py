"""The living gallery of the visual language, served in development at /_design/: every component with content it could really hold."""

import math
from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal import charts
from portal.highlighting import highlight_json, highlight_shell

OPENAPI_EXAMPLE = """openapi: 3.0.1
info:
  title: Pet store
  version: "2026-11-01"
paths:
  /pets:
    get:
      responses: {"200": {description: All pets}}"""

CALL = {
    "curl": "curl https://api.example.com/prod/pets/42 \\\n  -H 'x-api-key: k7Xq2mJp9sT4'",
    "Python": 'import requests\n\nanswer = requests.get(\n    "https://api.example.com/prod/pets/42",\n    headers={"x-api-key": "k7Xq2mJp9sT4"},\n    timeout=10,\n)\nprint(answer.json())',
    "JavaScript": 'const answer = await fetch("https://api.example.com/prod/pets/42", {\n  headers: { "x-api-key": "k7Xq2mJp9sT4" },\n});\nconsole.log(await answer.json());',
    "AWS CLI": "aws apigateway test-invoke-method \\\n  --rest-api-id a1b2c3d4e5 --resource-id f6g7h8 \\\n  --http-method GET --path-with-query-string /pets/42",
}

ICONS = [
    "api",
    "gate",
    "key",
    "plan",
    "stage",
    "deploy",
    "rollback",
    "import",
    "chart",
    "bars",
    "book",
    "play",
    "copy",
    "check",
    "success",
    "warning",
    "error",
    "info",
    "search",
    "plus",
    "trash",
    "edit",
    "chevron",
    "chevron-down",
    "arrow",
    "external",
    "user",
    "team",
    "settings",
    "logout",
    "sun",
    "moon",
    "lock",
    "shield",
    "clock",
    "bolt",
    "terminal",
    "code",
    "menu",
    "more",
    "close",
    "download",
    "upload",
    "filter",
    "layers",
    "link",
    "eye",
    "refresh",
    "globe",
    "split",
    "document",
    "function",
    "bell",
    "tag",
    "home",
]


class StageForm(forms.Form):
    """A form with every kind of field, two of them wrong."""

    name = forms.SlugField(initial="prod", help_text="Becomes the first part of the invoke URL.")
    rate = forms.FloatField(label="Rate", help_text="Requests per second, steady.", min_value=0)
    burst = forms.IntegerField(label="Burst", required=False)
    cache = forms.ChoiceField(label="Cache size", choices=[("", "No cache"), ("0.5", "0.5 GB"), ("1.6", "1.6 GB")])
    variables = forms.CharField(
        label="Stage variables", required=False, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})
    )
    tracing = forms.BooleanField(label="Trace requests", required=False, help_text="Send spans to the OTLP endpoint.")
    metrics = forms.BooleanField(
        label="Detailed metrics", required=False, widget=forms.CheckboxInput(attrs={"role": "switch"})
    )


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the console's components, inside the console's own frame."""
    form = StageForm(
        {
            "name": "prod",
            "rate": "fast",
            "cache": "0.5",
            "variables": '{"backend": "blue.internal"}',
            "tracing": "on",
            "metrics": "on",
        }
    )
    return render(request, "gallery.html", {"form": form, "icons": ICONS, **_numbers(), **_texts(), **_records()})


def portal_gallery(request: HttpRequest) -> HttpResponse:
    """Show the developer portal's components: hero, catalogue, plans, documentation."""
    return render(request, "gallery_portal.html", {**_texts(), **_numbers()})


def _numbers() -> dict[str, object]:
    labels = [f"{hour:02d}:{minute:02d}" for hour in range(9, 13) for minute in range(0, 60, 10)]
    base = [1400 + 520 * math.sin(index / 3.2) + 90 * math.sin(index * 2.1) for index in range(len(labels))]
    p50 = tuple(22 + 4 * math.sin(index / 2.3) for index in range(len(labels)))
    p95 = tuple(61 + 17 * math.sin(index / 2.9 + 1) for index in range(len(labels)))
    p99 = tuple(118 + 38 * math.sin(index / 2.1 + 2) for index in range(len(labels)))
    return {
        "latency": charts.line_chart(
            "latency",
            "Latency",
            labels,
            [charts.Series("p50", p50), charts.Series("p95", p95), charts.Series("p99", p99)],
            unit="ms",
        ),
        "traffic": charts.bar_chart(
            "traffic",
            "Requests",
            labels,
            [
                charts.Series("2xx", tuple(round(value) for value in base)),
                charts.Series("4xx", tuple(round(value * 0.09) for value in base)),
                charts.Series(
                    "5xx", tuple(round(value * 0.02) if index % 7 == 3 else 0 for index, value in enumerate(base))
                ),
            ],
        ),
        "calls": charts.line_chart("calls", "Calls", labels, [charts.Series("Calls", tuple(round(v) for v in base))]),
        "nothing": charts.line_chart("nothing", "Cache hits", labels, [charts.Series("Hits", (None,) * len(labels))]),
        "spark_up": charts.sparkline(base, label="Requests"),
        "spark_latency": charts.sparkline(p99, label="p99 latency"),
        "quota_low": charts.meter(3120, 10000),
        "quota_high": charts.meter(8740, 10000),
        "quota_full": charts.meter(10000, 10000),
    }


def _texts() -> dict[str, object]:
    return {
        "samples": [
            {"label": label, "code": highlight_shell(code) if label in ("curl", "AWS CLI") else code}
            for label, code in CALL.items()
        ],
        "answer": highlight_json(
            '{\n  "id": 42,\n  "name": "Moss",\n  "kind": "tortoise",\n  "vaccinated": true,\n  "owner": null\n}'
        ),
        "openapi_example": OPENAPI_EXAMPLE,
        "cli_import": "aws apigateway import-rest-api --body fileb://petstore.yaml",
    }


def _records() -> dict[str, object]:
    now = timezone.now()
    return {
        "trail": [{"label": "APIs", "url": "#"}, {"label": "Pet store", "url": "#"}, {"label": "Resources"}],
        "import_steps": ["Paste", "Preview", "Live"],
        "nodes": [_tree()],
        "changes": [
            {"kind": "added", "verb": "POST", "label": "/pets/{petId}/visits", "note": "Lambda proxy: book-visit"},
            {"kind": "changed", "verb": "GET", "label": "/pets · timeoutInMillis", "before": "29000", "after": "5000"},
            {
                "kind": "removed",
                "verb": "DELETE",
                "label": "/pets/{petId}",
                "breaking": True,
                "note": "Called 212 times in the last week by 3 keys.",
            },
        ],
        "events": [
            {
                "icon": "deploy",
                "tone": "success",
                "title": "Deployment 7f3kq2 is live on prod",
                "note": "mira · “Visits can be booked”",
                "when": now - timedelta(minutes=4),
                "url": "#",
                "action": "Roll back",
            },
            {
                "icon": "split",
                "tone": "warning",
                "title": "Canary at 10 % on prod",
                "note": "error rate 0.2 % against 0.1 %",
                "when": now - timedelta(hours=2),
            },
            {
                "icon": "key",
                "title": "Key acme-mobile rotated",
                "note": "the old key works until tomorrow",
                "when": now - timedelta(days=1),
            },
        ],
    }


def _tree() -> dict[str, object]:
    def method(verb: str, note: str = "", current: bool = False) -> dict[str, object]:
        return {"verb": verb, "url": "#", "note": note, "current": current}

    visits = {"label": "/visits", "url": "#", "methods": [method("POST", "book-visit")]}
    pet = {
        "label": "/{petId}",
        "url": "#",
        "children": [visits],
        "methods": [method("GET", "http proxy"), method("PATCH", "lambda"), method("DELETE", "lambda")],
    }
    pets = {
        "label": "/pets",
        "url": "#",
        "children": [pet],
        "methods": [method("GET", "mock", current=True), method("POST", "lambda")],
    }
    files = {"label": "/{proxy+}", "url": "#", "methods": [method("ANY", "s3"), method("OPTIONS", "mock")]}
    return {"label": "/", "url": "#", "children": [pets, files]}
