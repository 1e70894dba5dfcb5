"""The image as a runtime would run it: its own root, read-only, its own user, no rights at all."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.config.settings import environment
from tests.deploy.programs import missing, program, run
from tests.support.processes import free_port

# $1: the image's root; what follows is run in it. Nothing of the namespace is left when it ends.
ENTER = """\
set -eu
root=$1; data=$2; shift 2
mount --bind "$root" "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --inh-caps=-all \\
    --bounding-set=-all --no-new-privs "$@"
"""


@dataclass(frozen=True, slots=True)
class Image:
    root: Path
    config: Mapping[str, Any]
    data: Path

    def command(self, *arguments: str, environ: Mapping[str, str]) -> list[str]:
        """Runs this in the image: each step replaces the one before, so a signal arrives."""
        variables = [*self.config["Env"], *(f"{name}={text}" for name, text in environ.items())]
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "enter"]
        return [*enter, str(self.root), str(self.data), "env", "-i", *variables, *arguments]

    def ran(self, *arguments: str, environ: Mapping[str, str]) -> int:
        done = subprocess.run(self.command(*arguments, environ=environ), timeout=60, check=False)
        return done.returncode


@contextlib.contextmanager
def an_image(folder: Path, files: Mapping[str, str]) -> Iterator[Image]:
    """The one that IMAGE names, with these files mounted into it."""
    name = environment().get("IMAGE")
    if not name:
        pytest.skip("make image, then make try-image")
    if os.geteuid() != 0:
        missing("only root can enter the image")
    inspected = json.loads(run("buildah", "inspect", "--type", "image", name).stdout)
    container = run("buildah", "from", name).stdout.strip()
    try:
        root = Path(run("buildah", "mount", container).stdout.strip())
        for path, text in files.items():
            mounted = root / path.lstrip("/")
            mounted.parent.mkdir(parents=True, exist_ok=True)
            mounted.write_text(text)
        data = folder / "data"
        data.mkdir(mode=0o750)
        os.chown(data, 10001, 10001)
        yield Image(root, inspected["Docker"]["config"], data)
    finally:
        run("buildah", "rm", container)


@contextlib.contextmanager
def started(image: Image, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """What the image starts by itself, on a port of its own, with its address."""
    port = free_port()
    command: Sequence[str] = [*image.config["Entrypoint"], *image.config["Cmd"]]
    environ = {"BRIDGE_PORT": str(port), "BRIDGE_HOST": "127.0.0.1"}
    program("unshare")
    with log.open("wb") as output:
        process = subprocess.Popen(
            image.command(*command, environ=environ), stdout=output, stderr=output
        )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(timeout=30)
