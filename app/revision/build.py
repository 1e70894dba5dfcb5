"""Compiles a configuration whole."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.config.document import Document, read_document
from app.config.faults import ConfigRefused, Fault, Severity
from app.config.schema.destination import Destination
from app.config.schema.file import BridgeFile, DeliverySettings, Retention
from app.config.secrets import SecretMissing, SecretReader
from app.config.validate import validate
from app.expressions import Scope
from app.kit.secret import Secret
from app.revision.channels import Channel, build_channels
from app.revision.excerpts import Excerpt, rule_excerpts
from app.rules import Rules, build_rules
from app.sources.auth import Addresses, KeySets, NothingFetched
from app.sources.build import build_source
from app.sources.source import Source, uncovered

_MOST_ADDRESSES = 64
_NOTHING_FETCHED = NothingFetched()
_KEY_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Platform:
    """A destination with its token at hand."""

    name: str
    settings: Destination
    token: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revision:
    """One configuration, compiled. `id` names its content; `scope` is what its expressions
    are evaluated in, one call at a time; `addresses` is where keys of callers are fetched,
    `channels` where notices go; `file` is what it was compiled from, `text` as it was written,
    `excerpts` the part of each rule in it."""

    id: str
    platforms: Mapping[str, Platform]
    sources: Mapping[str, Source]
    rules: Rules
    delivery: DeliverySettings
    retention: Retention
    warnings: tuple[Fault, ...]
    addresses: Addresses
    file: BridgeFile = field(repr=False)
    text: str = field(repr=False)
    excerpts: Sequence[Excerpt] = field(repr=False)
    channels: tuple[Channel, ...] = ()

    @property
    def destinations(self) -> Sequence[str]:
        return list(self.platforms)

    @property
    def scope(self) -> Scope:
        return self.rules.scope


def read_revision(
    path: Path, environ: Mapping[str, str], key_sets: KeySets = _NOTHING_FETCHED
) -> Revision:
    """Raises ConfigRefused with every fault of the file at once. Sources that check calls by keys
    at an address find them in `key_sets`."""
    secrets = SecretReader(environ, path.resolve().parent)
    return build_revision(read_document(path), secrets, key_sets)


def build_revision(
    document: Document, secrets: SecretReader, key_sets: KeySets = _NOTHING_FETCHED
) -> Revision:
    """Raises ConfigRefused with every fault at once."""
    file = validate(document)
    platforms, faults = _platforms(file, secrets)
    sources, of_sources = _sources(file, secrets, key_sets)
    addresses = Addresses.joined(source.authenticator.addresses for source in sources.values())
    rules, of_rules = build_rules(
        file.rules, sources=list(file.sources), destinations=list(file.destinations)
    )
    faults += [*of_sources, *of_rules, *_uncovered(rules, sources), *_leases(file)]
    faults += _too_many(addresses)
    channels, of_channels = build_channels(file.notices, secrets)
    faults += of_channels
    faults = with_lines(faults, document)
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise ConfigRefused(document.file, faults)
    return Revision(
        id=document.revision,
        platforms=platforms,
        sources=sources,
        rules=rules,
        delivery=file.delivery,
        retention=file.retention,
        warnings=tuple(faults),
        addresses=addresses,
        channels=channels,
        file=file,
        text=document.text,
        excerpts=rule_excerpts(document),
    )


def _platforms(
    file: BridgeFile, secrets: SecretReader
) -> tuple[Mapping[str, Platform], list[Fault]]:
    found: dict[str, Platform] = {}
    faults: list[Fault] = []
    for name, settings in file.destinations.items():
        try:
            found[name] = Platform(name, settings, secrets.one(settings.token))
        except SecretMissing as missing:
            faults.append(Fault(f"destinations.{name}.token", str(missing), hint=missing.hint))
        faults += _bad_patterns(name, settings)
    return found, faults


def _bad_patterns(name: str, settings: Destination) -> Iterator[Fault]:
    for index, outcome in enumerate(settings.outcomes):
        try:
            re.compile(outcome.text or "")
        except re.error as error:
            key = f"destinations.{name}.outcomes[{index}].text"
            yield Fault(key, f"is no regular expression: {error.msg} at column {error.pos or 0}")


def _sources(
    file: BridgeFile, secrets: SecretReader, key_sets: KeySets
) -> tuple[Mapping[str, Source], list[Fault]]:
    found: dict[str, Source] = {}
    faults: list[Fault] = []
    for name, settings in file.sources.items():
        source, of_source = build_source(name, settings, secrets=secrets, key_sets=key_sets)
        faults += of_source
        if source is not None:
            found[name] = source
    return found, faults


def _too_many(addresses: Addresses) -> Iterator[Fault]:
    if len(addresses.named) > _MOST_ADDRESSES:
        reason = f"name {len(addresses.named)} key sets by `jwks_url`: at most {_MOST_ADDRESSES}"
        yield Fault("sources", reason, hint="spread the sources over several bridges")


def _leases(file: BridgeFile) -> Iterator[Fault]:
    """A lease that ends before the request does gives a delivery to a second worker while the
    first still sends it: the scenario would start twice."""
    for name, settings in file.destinations.items():
        if file.delivery.lease <= settings.timeout:
            yield Fault(
                "delivery.lease",
                f"is {file.delivery.lease:g} s, not longer than destinations.{name}.timeout "
                f"({settings.timeout:g} s)",
                hint="make the lease at least twice the time limit of a request",
            )
        elif file.delivery.lease < 2 * settings.timeout:
            yield Fault(
                "delivery.lease",
                f"is less than twice destinations.{name}.timeout: a store that is slow to record "
                "an outcome may let a second worker start the scenario again",
                severity=Severity.WARNING,
            )


def _uncovered(rules: Rules, sources: Mapping[str, Source]) -> Iterator[Fault]:
    """Rules that trust a part of the call which its signature says nothing about."""
    for name, source in sources.items():
        for rule in rules.of[name].rules:
            parts = uncovered(source, rule.reads().names)
            if parts:
                index = rules.all.index(rule)
                yield Fault(
                    f"rules[{index}]",
                    f"reads {', '.join(sorted(parts))}, which the signature of source "
                    f'"{name}" does not cover: whoever repeats a signed call can change it',
                    severity=Severity.WARNING,
                )


def with_lines(faults: Iterable[Fault], document: Document) -> list[Fault]:
    return [_with_line(fault, document) for fault in faults]


def _with_line(fault: Fault, document: Document) -> Fault:
    path = [int(i) if i else name for i, name in _KEY_PART.findall(fault.key)]
    return fault if fault.line else replace(fault, line=document.line(path))
