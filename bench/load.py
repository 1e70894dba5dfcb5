"""Load by `wrk`, on loopback, bounded in time."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.kit.errors import BridgeError

_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class NoLoad(BridgeError):
    slug = "configuration"


@dataclass(frozen=True, slots=True)
class Figures:
    calls: int
    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


def write_script(path: Path, headers: dict[str, str], body: str) -> Path:
    """A wrk script that posts one body with these headers again and again."""
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{body}]==]"]
    lines += [f'wrk.headers["{name}"] = "{text}"' for name, text in headers.items()]
    lines += [
        "done = function(summary, latency, requests)",
        '  io.write(string.format("calls %d\\n", summary.requests))',
        '  io.write(string.format("per_s %.2f\\n", summary.requests / summary.duration * 1e6))',
        '  io.write(string.format("p50 %.3f\\n", latency:percentile(50) / 1000))',
        '  io.write(string.format("p99 %.3f\\n", latency:percentile(99) / 1000))',
        "  local e = summary.errors",
        '  io.write(string.format("failed %d\\n", '
        "e.connect + e.read + e.write + e.status + e.timeout))",
        "end",
    ]
    path.write_text("\n".join(lines))
    return path


def load(url: str, script: Path, *, connections: int, seconds: int) -> Figures:
    """Raises NoLoad when wrk is missing or fails."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoLoad("the benchmark needs wrk: apt-get install wrk")
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)  # noqa: S603 - our own words
    found = dict(re.findall(r"^(calls|per_s|p50|p99|failed) ([\d.]+)$", ran.stdout, re.MULTILINE))
    if len(found) != 5:
        raise NoLoad(f"wrk failed: {ran.stderr or ran.stdout}")
    return Figures(
        calls=int(found["calls"]),
        per_s=float(found["per_s"]),
        p50_ms=float(found["p50"]),
        p99_ms=float(found["p99"]),
        failed=int(found["failed"]),
    )
