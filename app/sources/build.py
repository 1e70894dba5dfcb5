"""From the configuration of a source, and the known system it names, to the compiled source."""

from app.config.faults import Fault
from app.config.schema.reply import Reply
from app.config.schema.source import Source as SourceConfig
from app.config.secrets import SecretReader
from app.expressions.functions import is_region
from app.kit.nearest import did_you_mean
from app.kit.secret import Secret
from app.sources.answers import CompiledAnswer, build_answer
from app.sources.auth import Authenticator, CallPart, KeySets, build_auth
from app.sources.checking import Checking
from app.sources.decode import build_decode
from app.sources.dedup import Dedup, build_dedup
from app.sources.handshakes import Handshake, Keys, build_handshakes
from app.sources.items import Each
from app.sources.presets import Preset, presets
from app.sources.source import Source, uncovered

_OWN_REPLY = frozenset({"status", "headers", "body", "text", "content_type"})


def build_source(
    name: str,
    config: SourceConfig,
    *,
    secrets: SecretReader,
    key_sets: KeySets | None = None,
) -> tuple[Source | None, list[Fault]]:
    """The source, or None when a fault keeps it from working; all its faults and warnings, their
    keys below `sources.NAME` (no lines in them yet). `key_sets` holds what is fetched from
    addresses; without it such ways of proof are faults."""
    checking = Checking("sources", name)
    preset = _preset(config, checking)
    if preset is None and config.preset is not None:
        # What the unknown system would have brought would only be complained of as missing.
        return None, checking.faults
    source = _Builder(name, config, preset, secrets, key_sets, checking).build()
    return source if checking.is_good else None, list(dict.fromkeys(checking.faults))


def merged(config: SourceConfig, preset: Preset | None) -> SourceConfig:
    """The source's own keys, each whole, before those of the preset. `auth` stays its own."""
    if preset is None:
        return config
    own = {key: getattr(config, key) for key in config.model_fields_set}
    return preset.source.model_copy(update=own)


def _preset(config: SourceConfig, checking: Checking) -> Preset | None:
    if config.preset is None:
        return None
    known = presets()
    found = known.get(config.preset)
    if found is None:
        hint = did_you_mean(config.preset, known) or "see `bridge presets`"
        checking.fault(f'no system is known by the name "{config.preset}"', "preset", hint=hint)
    return found


class _Builder:
    def __init__(
        self,
        name: str,
        config: SourceConfig,
        preset: Preset | None,
        secrets: SecretReader,
        key_sets: KeySets | None,
        checking: Checking,
    ) -> None:
        self._name = name
        self._own = config
        self._preset = preset
        self._config = merged(config, preset)
        self._secrets = secrets
        self._key_sets = key_sets
        self._checking = checking

    def build(self) -> Source | None:
        """None where there is no authentication; other parts with a fault are left out."""
        config = self._config
        authenticator = self._authenticator()
        key = authenticator.signing_secret if authenticator else None
        handshakes = self._handshakes(key)
        each, dedup, reply = self._each(), build_dedup(config.dedup, self._checking), None
        if config.reply is not None:
            reply = self._reply(config.reply, key)
        if authenticator is None:
            return None
        source = Source(
            name=self._name,
            preset=config.preset,
            authenticator=authenticator,
            decoding=build_decode(config.decode),
            each=each,
            dedup=dedup,
            unproven=tuple(one for one in handshakes if not one.is_authenticated),
            handshakes=tuple(one for one in handshakes if one.is_authenticated),
            reply=reply,
            reply_within_s=config.reply.within if config.reply else None,
            on_undecodable=config.on_undecodable,
            body_limit=config.body_limit,
            region=config.region,
            strict=config.strict,
        )
        self._warn_of_gaps(source, dedup)
        if config.region is not None and not is_region(config.region):
            reason = f'"{config.region}" is no country: no number without one is a phone number'
            self._checking.warn(reason, "region", hint="ISO 3166, such as RU or GB")
        return source

    def _authenticator(self) -> Authenticator | None:
        found, faults = build_auth(
            self._own.auth,
            secrets=self._secrets,
            key=("sources", self._name, "auth"),
            preset=self._preset.auth if self._preset else None,
            key_sets=self._key_sets,
        )
        self._checking.faults += faults
        return found

    def _handshakes(self, key: Secret | None) -> tuple[Handshake, ...]:
        keys = Keys(self._secrets, key, self._config.verify_token)
        return build_handshakes(self._config.handshakes or (), self._checking, keys)

    def _each(self) -> Each | None:
        if self._config.each is None:
            return None
        found = self._checking.compile(self._config.each, "each")
        return Each.of(found) if found is not None else None

    def _reply(self, reply: Reply, key: Secret | None) -> CompiledAnswer | None:
        if reply.model_fields_set.isdisjoint(_OWN_REPLY):
            return None
        return build_answer(reply, self._checking, ("reply",), key, of_event=True)

    def _warn_of_gaps(self, source: Source, dedup: Dedup | None) -> None:
        """Of what the file says itself: what a preset leaves open, it says among its facts."""
        covers = source.authenticator.covers
        is_own_way = self._preset is None or self._preset.auth is None
        if is_own_way and covers is not None and CallPart.BODY not in covers:
            reason = "its signature does not cover the body: whoever repeats a call can change it"
            self._checking.warn(reason, "auth", hint="sign {body} too, or ask for a secret besides")
        if dedup is not None and self._own.dedup is not None:
            parts = ", ".join(sorted(uncovered(source, dedup.reads)))
            if parts:
                reason = f"reads {parts}, which the signature does not cover: whoever repeats a "
                self._checking.warn(reason + "signed call can change the key", "dedup")
