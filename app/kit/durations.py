"""Texts of a length of time, an amount of bytes and a pace, as people write them."""

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "KB": 1000, "MB": 1000**2}
_PERIODS = {"s": 1.0, "m": 60.0, "h": 3600.0}

# Instants must be able to take a duration on top.
_LONGEST_S = 3650 * 86_400
# No number is so long that it becomes infinite, or so small that it becomes nothing.
_NUMBER = r"([0-9]{1,15}(?:\.[0-9]{1,15})?)"
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ms|s|m|h|d))+\Z")
_DURATION_PART = re.compile(rf"{_NUMBER}(ms|s|m|h|d)")
_SIZE = re.compile(rf"{_NUMBER}\s*(B|KiB|MiB|GiB|KB|MB)\Z")
_RATE = re.compile(rf"{_NUMBER}\s*/\s*(s|m|h)\Z")


def seconds(text: str) -> float:
    """Seconds in `500ms`, `30s`, `15m`, `24h`, `7d` or a run of these (`1h30m`).

    Raises ValueError with what is expected.
    """
    if not _DURATION.match(text):
        raise ValueError('expected a duration such as "500ms", "30s", "15m", "24h" or "1h30m"')
    found = sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(text))
    if found > _LONGEST_S:
        raise ValueError("expected a duration of at most 3650d")
    return found


def size_bytes(text: str) -> int:
    """Bytes in `512B`, `64KiB`, `1MiB`. Raises ValueError with what is expected."""
    found = _SIZE.match(text)
    if not found:
        raise ValueError('expected a size such as "512B", "64KiB" or "1MiB"')
    return int(float(found[1]) * _BYTES[found[2]])


def per_second(text: str) -> float:
    """Starts a second in `50/s`, `600/m`, `1000/h`. Raises ValueError with what is expected."""
    found = _RATE.match(text)
    if not found or float(found[1]) == 0:
        raise ValueError('expected a pace above zero such as "50/s", "600/m" or "1000/h"')
    return float(found[1]) / _PERIODS[found[2]]


def duration_text(seconds: float) -> str:
    """A short text that reads as the same length of time, to the millisecond: `15m` for 900."""
    for unit in ("d", "h", "m", "s"):
        count = seconds / _SECONDS[unit]
        if count >= 1 and count.is_integer():
            return f"{count:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms"


def size_text(count: int) -> str:
    """The shortest text that `size_bytes` reads as the same amount: `1MiB` for 1048576."""
    for unit in ("GiB", "MiB", "KiB"):
        if count and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]}{unit}"
    return f"{count}B"
