"""What the parts of a rule need of each other, by what Altcraft's methods document."""

from collections.abc import Iterator
from typing import TypeAlias

from app.config.schema.rule import Rule
from app.model.start import CREATING, Matching, OnUnknownProfile

Need: TypeAlias = tuple[tuple[str | int, ...], str, str | None]
"""The key within the rule, what is wrong there, what to do."""

_OF_IMPORTS = ("data", "db_id", "skip_triggers", "skip_invalid_subscriptions", "detect_geo")


def faults_of(rule: Rule) -> Iterator[Need]:
    yield from _of_matches(rule)
    yield from _of_imports(rule)
    yield from _of_timing(rule)


def _imports(rule: Rule) -> bool:
    return rule.import_profile or rule.on_unknown_profile is OnUnknownProfile.IMPORT


def _of_matches(rule: Rule) -> Iterator[Need]:
    for index, item in enumerate(rule.match or ()):
        if item.mode is Matching.EMAIL_PROFILE and not rule.import_profile:
            reason = "only imports know this mode"
            yield ("match", index), reason, "use `email`, or set `import_profile: true`"
        if item.mode is Matching.REQUEST and rule.import_profile:
            reason = "an import needs a matching mode, and a query is none"
            yield ("match", index), reason, "use another match, or leave `import_profile` out"
        if item.mode is Matching.REQUEST and rule.subscription_filter is not None:
            reason = "can't be used with `custom_request`"
            yield ("subscription_filter",), reason, "leave one of them out"


def _of_imports(rule: Rule) -> Iterator[Need]:
    if not _imports(rule):
        for name in _OF_IMPORTS:
            if getattr(rule, name) not in (None, {}):
                hint = "set `import_profile: true` or `on_unknown_profile: import`"
                yield (name,), "is of imports, and this rule makes none", hint
        return
    creates = rule.match is None or any(item.mode in CREATING for item in rule.match)
    if rule.on_unknown_profile is OnUnknownProfile.IMPORT and not creates:
        reason = "no match of this rule can create a profile"
        yield ("on_unknown_profile",), reason, "add a match by e-mail, phone or custom field"


def _of_timing(rule: Rule) -> Iterator[Need]:
    if rule.batch is not None and rule.trigger is None and not rule.import_profile:
        reason = "Altcraft starts many in one request only with an import"
        yield ("batch",), reason, "set `import_profile: true`, or leave `batch` out"
    if rule.expires is not None and rule.delay is not None and rule.expires <= rule.delay:
        yield ("expires",), "is not longer than `delay`: nothing would ever start", None
