"""A supervisor over stand-in processes given as JSON: `python stand_in.py <data dir> <specs>`.

Prints `ready` once all of them answer. A spec is `{"name": …, "command": […], "stop_stage": …, "grace": …, "file": …}`;
with `file` the process is ready once that file exists.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.leftovers import end_leftovers
from portal.supervisor.processes import ProcessSpec
from portal.supervisor.refusal import Refusal
from portal.supervisor.supervisor import StopRequested, Supervisor, say


def spec_from(described: dict[str, Any]) -> ProcessSpec:
    file = described.get("file")
    return ProcessSpec(
        described["name"],
        tuple(described["command"]),
        ready=Path(file).exists if file else None,
        stop_stage=described.get("stop_stage", 0),
        grace=described.get("grace", 5.0),
    )


def main(folder: str, described: str) -> int:
    data = DataDirectory(Path(folder))
    data.prepare()
    try:
        data.lock()
    except Refusal as refusal:
        say(str(refusal))
        return 1
    end_leftovers(data.path, grace=2)
    supervisor = Supervisor(data, os.environ, say)
    try:
        supervisor.start([spec_from(one) for one in json.loads(described)])
        supervisor.wait_until_ready(10)
        print("ready", flush=True)
        supervisor.watch()
    except StopRequested:
        return 0
    except Refusal as refusal:
        say(str(refusal))
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2]))
