"""The systemd unit gives the process little, and no less than it needs."""

import os
import re
import time
from pathlib import Path

import httpx

from tests.deploy.programs import DEPLOY, program, run
from tests.support.processes import BEARER, a_pair

UNIT = DEPLOY / "bridge.service"
LIMITS = re.compile(r"^SystemCallFilter=(~?)(.+)$", re.MULTILINE)


def test_systemd_calls_it_little_exposed(tmp_path: Path) -> None:
    done = run("systemd-analyze", "security", "--offline=true", "--threshold=15", UNIT)

    assert done.returncode == 0, done.stdout[-400:]


def test_systemd_knows_every_line(tmp_path: Path) -> None:
    # The program need not be where the unit says.
    text = UNIT.read_text(encoding="utf-8").replace("/opt/bridge/bin/bridge", "/bin/true")
    (tmp_path / "bridge.service").write_text(text)

    done = run("systemd-analyze", "verify", tmp_path / "bridge.service")

    assert done.returncode == 0, done.stdout
    assert "bridge.service" not in done.stdout, done.stdout


def test_the_program_asks_the_kernel_for_no_more_than_the_unit_allows(tmp_path: Path) -> None:
    strace = program("strace")
    traced = tmp_path / "calls"
    with a_pair(tmp_path) as pair:
        pair.bridge.stop()
        # -D: the bridge itself is the process that is started, and gets the signal.
        pair.bridge.under = [strace, "-D", "-f", "-o", str(traced)]
        pair.bridge.start()
        answer = httpx.post(
            f"{pair.bridge.url}/hooks/forms", json={"crm_id": "1"}, headers=BEARER, trust_env=False
        )
        pair.bridge.stop()

    assert answer.status_code == 202
    lines = [line.split(None, 1)[1] for line in whole(traced).splitlines()]
    # What stands before it starts the interpreter: systemd's own doing.
    lines = lines[next(n for n, line in enumerate(lines) if line.startswith("execve")) + 1 :]
    asked = {found[1] for line in lines if (found := re.match(r"(\w+)\(", line))}
    assert len(asked) > 40
    # SQLite gives files to their folder's owner where it is root, which the unit never is.
    assert asked - allowed() <= ({"fchown"} if os.geteuid() == 0 else set())
    assert [line for line in lines if "PROT_WRITE|PROT_EXEC" in line] == []
    assert [line for line in lines if re.match(r"mprotect\(.*PROT_EXEC", line)] == []


def whole(traced: Path) -> str:
    """The tracer writes the last lines when the process is gone already."""
    end = time.monotonic() + 20
    while "+++ exited with 0 +++" not in (text := traced.read_text())[-2000:]:
        assert time.monotonic() < end, text[-2000:]
    return text


def allowed() -> set[str]:
    """The calls that pass the filter of the unit."""
    passing: set[str] = set()
    for sign, names in LIMITS.findall(UNIT.read_text(encoding="utf-8")):
        for name in names.split():
            found = members(name)
            passing = passing - found if sign else passing | found
    return passing


def members(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    listed = run("systemd-analyze", "syscall-filter", name).stdout.splitlines()
    entries = [line.strip() for line in listed[1:] if line.startswith("    ")]
    named = [entry for entry in entries if not entry.startswith("#")]
    return {call for entry in named for call in members(entry)}
