"""What to do about starts that ended so, and how soon.

| outcome                | advice              | severity |
| ---------------------- | ------------------- | -------- |
| `scenario_unavailable` | `activate_scenario` | critical |
| `token_refused`        | `renew_token`       | critical |
| `plan_limit`           | `raise_plan`        | critical |
| `malformed`            | `mend_rule`         | critical |
| `unknown_profile`      | `check_identity`    | warning  |
| `in_doubt`             | `judge_doubt`       | warning  |
| `unreadable`           | `check_address`     | critical |
| `temporary`            | `ask_platform`      | critical |
| `not_sent`             | `check_network`     | critical |
| `throttled`            | `lower_rate`        | critical |
| `unknown_code`         | `name_code`         | critical |
| `expired`              | `check_delay`       | warning  |
"""

from collections.abc import Mapping
from typing import TypeAlias

from app.model.concern import Advice, Severity
from app.model.delivery import Ending
from app.model.outcome import OutcomeKind

Ended: TypeAlias = OutcomeKind | Ending
# The others met all there were, or nearly: these met one by one.
_OF_SOME = (OutcomeKind.UNKNOWN_PROFILE, OutcomeKind.IN_DOUBT, Ending.EXPIRED)


def severity_of(outcome: Ended) -> Severity:
    return Severity.WARNING if outcome in _OF_SOME else Severity.CRITICAL


_ADVICE: Mapping[Ended, Advice] = {
    OutcomeKind.ACCEPTED: Advice.NOTHING,
    OutcomeKind.UNKNOWN_PROFILE: Advice.CHECK_IDENTITY,
    OutcomeKind.SCENARIO_UNAVAILABLE: Advice.ACTIVATE_SCENARIO,
    OutcomeKind.TOKEN_REFUSED: Advice.RENEW_TOKEN,
    OutcomeKind.PLAN_LIMIT: Advice.RAISE_PLAN,
    OutcomeKind.MALFORMED: Advice.MEND_RULE,
    OutcomeKind.THROTTLED: Advice.LOWER_RATE,
    OutcomeKind.TEMPORARY: Advice.ASK_PLATFORM,
    OutcomeKind.NOT_SENT: Advice.CHECK_NETWORK,
    OutcomeKind.IN_DOUBT: Advice.JUDGE_DOUBT,
    OutcomeKind.UNREADABLE: Advice.CHECK_ADDRESS,
    OutcomeKind.UNKNOWN_CODE: Advice.NAME_CODE,
    Ending.EXPIRED: Advice.CHECK_DELAY,
    Ending.CANCELLED: Advice.NOTHING,
    Ending.OVER_LIMIT: Advice.NOTHING,
    Ending.COLLAPSED: Advice.NOTHING,
}


def advice_for(outcome: Ended) -> Advice:
    return _ADVICE[outcome]
