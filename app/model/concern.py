"""What needs a person now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ConcernKind(StrEnum):
    PROBLEM = "problem"
    """Starts failed for good, for one cause."""
    DESTINATION_STOPPED = "destination_stopped"
    """It takes no starts, and a person must see to that."""
    WAITING_LONG = "waiting_long"
    """Starts are due and do not go."""
    SOURCE_REFUSED = "source_refused"
    """All calls of a source are refused."""
    CONFIGURATION_REFUSED = "configuration_refused"
    """The file was changed and can't be used."""
    STORE_UNAVAILABLE = "store_unavailable"
    """Calls can't be stored."""


class Severity(StrEnum):
    CRITICAL = "critical"
    """Wakes somebody."""
    WARNING = "warning"
    """Waits for the morning."""


class Advice(StrEnum):
    """What to do, by a key that stays: texts are made of it in the reader's language."""

    ACTIVATE_SCENARIO = "activate_scenario"
    RENEW_TOKEN = "renew_token"  # noqa: S105 - a name, not a password
    RAISE_PLAN = "raise_plan"
    MEND_RULE = "mend_rule"
    CHECK_IDENTITY = "check_identity"
    JUDGE_DOUBT = "judge_doubt"
    ASK_PLATFORM = "ask_platform"
    CHECK_NETWORK = "check_network"
    CHECK_ADDRESS = "check_address"
    LOWER_RATE = "lower_rate"
    NAME_CODE = "name_code"
    CHECK_DELAY = "check_delay"
    CHECK_WORKERS = "check_workers"
    CHECK_PROOF = "check_proof"
    MEND_FILE = "mend_file"
    FREE_STORE = "free_store"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Concern:
    """`cause` names it among those of its kind. `advice` is what to do, `where` the request that
    shows more. `about` names what it is about, and no person. With `is_quiet` somebody knows of
    it. `begins_anew` false: `since` moves while it is the same."""

    kind: ConcernKind
    cause: str
    severity: Severity
    since: datetime
    advice: Advice
    where: str
    about: Mapping[str, str | int] = field(default_factory=dict)
    is_quiet: bool = False
    begins_anew: bool = True
