"""Every metric by name. `docs/metrics.md` is made of this."""

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """`bounds` are the upper ends of a histogram's steps, without the last, which has none."""

    name: str
    kind: MetricKind
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def unit(self) -> str:
        return "seconds" if "_seconds" in self.name else "count"


_CALL_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_START_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENCY_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)
_COMMIT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_TOGETHER = (1, 2, 4, 8, 16, 32, 64, 128, 256)

COUNTER, GAUGE, HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

CALLS = Metric(
    "bridge_calls_total",
    COUNTER,
    "Calls that were taken; result: accepted, ignored (no rule held), duplicate, "
    "answered (a handshake). A call that became several events counts once, by the best of them",
    ("source", "result"),
)
REFUSED = Metric(
    "bridge_calls_refused_total",
    COUNTER,
    "Calls that were refused with a problem; source is `unknown` where the address names none",
    ("source", "problem"),
)
CALL_DURATION = Metric(
    "bridge_call_duration_seconds",
    HISTOGRAM,
    "From the head of a call to its answer, refused or not; with the body's way here, and the "
    "wait that a caller asked for (`?wait=`)",
    ("source",),
    _CALL_S,
)
RULES = Metric(
    "bridge_rules_held_total",
    COUNTER,
    "Events for which a rule held, so that a start was stored",
    ("rule",),
)
ATTEMPTS = Metric(
    "bridge_attempts_total",
    COUNTER,
    "Attempts that were recorded, one for each start of a batch; outcome: what Altcraft did",
    ("destination", "outcome"),
)
IN_DOUBT = Metric(
    "bridge_in_doubt_total",
    COUNTER,
    "Those of the attempts by which the scenario may or may not have started",
    ("destination",),
)
START_DURATION = Metric(
    "bridge_start_duration_seconds",
    HISTOGRAM,
    "One request to Altcraft, of one start or a batch of them",
    ("destination",),
    _START_S,
)
LATENCY = Metric(
    "bridge_delivery_latency_seconds",
    HISTOGRAM,
    "From the acceptance of a call, or its replay, to Altcraft's reply that the scenario started",
    ("destination",),
    _LATENCY_S,
)
ENDED = Metric(
    "bridge_deliveries_ended_total",
    COUNTER,
    "Deliveries that will not be tried again; state: done, dead; outcome: the last attempt's, or "
    "expired, over_limit",
    ("destination", "state", "outcome"),
)
COMMIT_SIZE = Metric(
    "bridge_commit_size",
    HISTOGRAM,
    "Writes of a kind (accept, claim, settle, probe) that shared a commit",
    ("write",),
    _TOGETHER,
)
COMMIT_DURATION = Metric(
    "bridge_commit_duration_seconds",
    HISTOGRAM,
    "One shared commit, until it is on disk",
    (),
    _COMMIT_S,
)
WRITE_FAILURES = Metric(
    "bridge_store_write_failures_total",
    COUNTER,
    "Writes that the store did not take; write: accept, claim, settle, probe, or other",
    ("write",),
)
RELOADS = Metric(
    "bridge_config_reloads_total",
    COUNTER,
    "Changed contents of the file that a process saw; result: accepted, refused",
    ("result",),
)
RELOAD_GOOD = Metric(
    "bridge_config_last_reload_successful",
    GAUGE,
    "0 when the file as it is now was refused and an older content is in use",
)
LOADED_AT = Metric(
    "bridge_config_loaded_timestamp_seconds",
    GAUGE,
    "When the configuration in use was read, in seconds since 1970",
)
CONFIG = Metric("bridge_config_info", GAUGE, "1; names the configuration in use", ("revision",))
BUILD = Metric("bridge_build_info", GAUGE, "1; names the program", ("version", "python"))
WRITABLE = Metric("bridge_store_writable", GAUGE, "1 when the store takes writes")
WAITING = Metric(
    "bridge_deliveries_waiting",
    GAUGE,
    "Deliveries that are not done; state: pending, paused, in_flight",
    ("destination", "state"),
)
OLDEST = Metric(
    "bridge_oldest_waiting_seconds",
    GAUGE,
    "Age of the oldest delivery that is not done",
    ("destination",),
)
STOPPED = Metric(
    "bridge_destination_stopped",
    GAUGE,
    "1 when the destination takes no starts; cause: the outcome that stopped it, or none",
    ("destination", "cause"),
)
PAUSED = Metric(
    "bridge_paused",
    GAUGE,
    "How many sources, rules, scenarios, triggers and destinations operators paused",
    ("kind",),
)

# What each group says of itself stands in docs/metrics.md.
OF_THE_STORE = (WRITABLE, WAITING, OLDEST, STOPPED, PAUSED)
OF_THE_SERVICE = (
    CALLS,
    REFUSED,
    CALL_DURATION,
    RULES,
    ATTEMPTS,
    IN_DOUBT,
    START_DURATION,
    LATENCY,
    ENDED,
    COMMIT_SIZE,
    COMMIT_DURATION,
    WRITE_FAILURES,
    RELOADS,
)
OF_THE_PROCESS = (RELOAD_GOOD, LOADED_AT, CONFIG, BUILD)
METRICS = (*OF_THE_SERVICE, *OF_THE_STORE, *OF_THE_PROCESS)
