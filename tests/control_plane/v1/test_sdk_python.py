"""The Python SDK runs against the real data plane."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from apps.control_plane.caller import Caller
from tests.control_plane.v1.serving import Server, sdk


def test_the_python_sdk_calls_the_api(caller: Caller, shop: tuple[str, str], serve: Server, tmp_path: Path) -> None:
    api, key = shop
    folder = sdk(caller, api, "python", tmp_path, packageName="shop_client")
    program = """
        import json, sys
        from shop_client import ApiError, Client
        url, key = sys.argv[1:]
        client = Client(key, url)
        answers = {
            "got": client.pets_pet_id_get(pet_id="a b&c", x_kind="cat", tag="x y", query={"b": ["1", "2"]}).data,
            "posted": client.pets_post(body={"name": "Rex"}).data,
            "file": client.files_path_get(path="a/b c.txt").data["target"],
            "health": client.health_get().status,
        }
        try:
            Client(invoke_url=url).pets_post()
        except ApiError as error:
            answers["refused"] = [error.answer.status, error.answer.data]
        print(json.dumps(answers))
    """
    (folder / "program.py").write_text("\n".join(line[8:] for line in program.split("\n")))
    invoke_url = f"{serve()}/_aws/execute-api/{api}/prod"

    done = subprocess.run(
        [sys.executable, "program.py", invoke_url, key], cwd=folder, capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers == {
        "got": {"method": "GET", "target": "/echo/pets/a%20b%26c?tag=x+y&b=1&b=2", "kind": "cat", "body": ""},
        "posted": {"method": "POST", "target": "/echo/pets", "kind": None, "body": '{"name": "Rex"}'},
        "file": "/echo/files/a/b%20c.txt",
        "health": 200,
        "refused": [403, {"message": "Forbidden"}],
    }
