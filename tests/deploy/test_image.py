"""The image runs as nobody on a file system that it can't change, and stops when it is told."""

import base64
import contextlib
import hmac
import json
import signal
import subprocess
import time
from pathlib import Path

import httpx
import orjson

from tests.deploy.images import Image, an_image, started
from tests.deploy.programs import run
from tests.support.processes import START_LIMIT_S
from tests.support.whole import ROOT

SECRET = "the-secret-that-the-shop-signs-with"
FILES = {
    "/etc/bridge/bridge.yaml": """\
version: 1
destinations:
  main: {url: "http://127.0.0.1:9", token: {file: /run/secrets/altcraft_token}}
sources:
  shop: {preset: shopify, auth: {secret: {file: /run/secrets/shop_secret}}}
rules: [{name: paid, source: shop, match: [{email: body.email}], scenario: 2}]
""",
    "/run/secrets/altcraft_token": "of-altcraft",
    "/run/secrets/shop_secret": SECRET,
}
BODY = orjson.dumps({"email": "ivan@example.com"})
SIGNATURE = base64.b64encode(hmac.digest(SECRET.encode(), BODY, "sha256")).decode()


def test_nothing_in_the_dockerfile_is_ill_advised() -> None:
    done = run("hadolint", ROOT / "Dockerfile")

    assert done.returncode == 0, done.stdout


def test_it_takes_a_signed_call_and_stops_when_it_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with an_image(tmp_path, FILES) as image, started(image, log) as (process, url):
        wait_for(url, process, log)
        alive = httpx.get(f"{url}/healthz", trust_env=False)
        taken = called(url, SIGNATURE)
        forged = called(url, "bm8=")
        health = image.ran(*health_check(image), environ={"BRIDGE_PORT": url.rsplit(":", 1)[1]})
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=45)
        healthy_when_gone = image.ran(*health_check(image), environ={"BRIDGE_PORT": "9"})

    assert (alive.status_code, taken.status_code, forged.status_code) == (200, 202, 401), taken.text
    assert (image.data / "bridge.db").stat().st_uid == 10001
    assert health == 0
    assert healthy_when_gone != 0
    assert status == 0, log.read_text()


def test_it_can_write_nowhere_but_to_its_volume(tmp_path: Path) -> None:
    with an_image(tmp_path, FILES) as image:
        elsewhere = [
            image.ran("touch", f"{folder}/x", environ={}) for folder in ("", "/opt/bridge")
        ]
        volume = image.ran("touch", "/data/x", environ={})

    assert elsewhere == [1, 1]
    assert volume == 0


def test_it_says_what_it_is_and_what_is_in_it(tmp_path: Path) -> None:
    with an_image(tmp_path, {}) as image:
        bill = json.loads((image.root / "usr/share/sbom/altcraft-bridge.cdx.json").read_bytes())
        tools = [found.name for found in (image.root / "opt/bridge/bin").iterdir()]
        passwords = (image.root / "etc/passwd").read_text()

    config = image.config
    labels = {name.rsplit(".", 1)[1] for name in config["Labels"] if "opencontainers" in name}
    assert labels >= {"title", "description", "licenses", "version", "revision", "created"}
    assert (config["User"], config["StopSignal"]) == ("10001:10001", "SIGTERM")
    assert "bridge:x:10001:10001:" in passwords
    named = {component["name"].lower() for component in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert {"fastapi", "sqlalchemy", "aiohttp"} <= named
    assert "pip" not in tools


def test_all_of_the_program_is_in_it(tmp_path: Path) -> None:
    """Templates, schemas, presets and examples as well."""
    with an_image(tmp_path, {}) as image:
        [packages] = (image.root / "opt/bridge/lib").glob("python3*/site-packages")
        installed = files_below(packages / "app")

    assert files_below(ROOT / "app") - installed == set()


def files_below(folder: Path) -> set[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder) for path in files}


def called(url: str, signature: str) -> httpx.Response:
    headers = {
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Event-Id": "1",
        "Content-Type": "application/json",
    }
    return httpx.post(f"{url}/hooks/shop", content=BODY, headers=headers, trust_env=False)


def health_check(image: Image) -> list[str]:
    kind, *command = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    return [str(word) for word in command]


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
    raise AssertionError(log.read_text())
