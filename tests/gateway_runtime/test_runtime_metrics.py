"""Slots of workers, merged by the master."""

from __future__ import annotations

from pathlib import Path

from gateway_runtime.metrics import Merged, Metrics


def _worker(directory: Path, name: str, requests: int) -> Metrics:
    metrics = Metrics()
    metrics.write_to(directory, name)
    metrics.values[metrics.counter("requests_total", "Requests", stage='a"b')] += requests
    metrics.values[metrics.gauge("open", "Open")] = 2
    latency = metrics.histogram("seconds", "Latency", (0.1, 1.0))
    latency.observe(0.1)
    latency.observe(0.5)
    latency.observe(3)
    metrics.flush()
    return metrics


def test_workers_are_added_up(tmp_path: Path) -> None:
    _worker(tmp_path, "w1", 3)
    _worker(tmp_path, "w2", 4)

    text = Merged(tmp_path).render()

    assert 'requests_total{stage="a\\"b"} 7' in text
    assert "open 4" in text
    assert 'seconds_bucket{le="0.1"} 2' in text
    assert 'seconds_bucket{le="1.0"} 4' in text
    assert 'seconds_bucket{le="+Inf"} 6' in text
    assert "seconds_count 6" in text


def test_the_counters_of_a_worker_that_exited_stay_and_its_gauges_go(tmp_path: Path) -> None:
    _worker(tmp_path, "w1", 3)
    _worker(tmp_path, "w2", 4)
    merged = Merged(tmp_path)

    merged.retire("w1")

    assert 'requests_total{stage="a\\"b"} 7' in merged.render()
    assert "open 2" in merged.render()
    assert not (tmp_path / "w1.values").exists()


def test_the_same_labels_share_a_slot_whatever_their_order() -> None:
    metrics = Metrics()

    assert metrics.counter("x", "", a="1", b="2") == metrics.counter("x", "", b="2", a="1")
    assert metrics.counter("x", "", a="1", b="3") != metrics.counter("x", "", a="1", b="2")
