"""Hours of the day in a time zone."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def end_of_quiet(at: datetime, from_min: int, to_min: int, zone: str) -> datetime | None:
    """When the quiet hours that `at` lies in are over, None when it lies in none. `from_min` and
    `to_min` are minutes of the day there; over midnight where `to_min` is the smaller."""
    local = at.astimezone(_zone(zone))
    minute = local.hour * 60 + local.minute
    is_over_midnight = to_min < from_min
    if is_over_midnight:
        is_quiet = minute >= from_min or minute < to_min
    else:
        is_quiet = from_min <= minute < to_min
    if not is_quiet:
        return None
    is_tomorrow = is_over_midnight and minute >= from_min
    day = local.date() + timedelta(days=1) if is_tomorrow else local.date()
    end = datetime.combine(day, time(to_min // 60, to_min % 60), local.tzinfo)
    # Where the clock is put back the end may come twice, and lie before `at` the first time.
    return max(end.astimezone(at.tzinfo), at + timedelta(seconds=1))
