"""The programs that read what `deploy/` holds."""

import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from app.config.settings import environment
from tests.support.whole import ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "altcraft-bridge"


def program(name: str) -> str:
    """Its path. Without it the test is skipped; under `make check-deploy` it fails."""
    found = shutil.which(name, path=f"{environment().get('PATH', '')}:/usr/sbin")
    return found or missing(f"{name} is not installed: `make check-deploy` says where it is had")


def missing(what: str) -> NoReturn:
    if environment().get("DEPLOY_CHECKS") == "all":
        pytest.fail(what)
    pytest.skip(what)


def run(name: str, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Both kinds of output together, in `stdout`."""
    return subprocess.run(
        [program(name), *map(str, arguments)],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
        check=False,
    )
