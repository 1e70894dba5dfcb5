"""From the configuration of a source's authentication to what checks its calls."""

from collections.abc import Callable, Collection, Mapping, Sequence

from app.config.document import KeyPath
from app.config.faults import Fault
from app.config.schema.auth import AuthTree, Group
from app.config.schema.auth import Scheme as SchemeConfig
from app.config.secrets import SecretReader
from app.sources.auth.authenticator import Authenticator
from app.sources.auth.combined import AllOf, AnyOf
from app.sources.auth.key_sets import Addresses, KeySets
from app.sources.auth.makers import Makers
from app.sources.auth.material import Material, Where
from app.sources.auth.presets import PresetRefused, fill_preset_auth
from app.sources.auth.published import PUBLISHED
from app.sources.auth.scheme import Closed, Open, Scheme


def build_auth(
    auth: AuthTree | None,
    *,
    secrets: SecretReader,
    key: KeyPath,
    preset: Mapping[str, object] | None = None,
    key_sets: KeySets | None = None,
    forbidden: Collection[str] = PUBLISHED,
) -> tuple[Authenticator | None, list[Fault]]:
    """The authentication at `key` of the file, and all its faults (no lines in them yet); None
    when one of them keeps it from working. `preset` is the known system's own `auth`; without
    `key_sets` nothing can be fetched from addresses. `forbidden` secrets are refused."""
    material = Material(secrets, forbidden)
    builder = _Builder(material, Makers(material, key_sets), preset)
    scheme = builder.whole(auth, Where(key))
    if scheme is None:
        return None, material.faults
    addresses = Addresses.joined(material.addresses)
    return Authenticator.of(scheme, material.first, addresses), material.faults


class _Builder:
    def __init__(
        self, material: Material, makers: Makers, preset: Mapping[str, object] | None
    ) -> None:
        self._material = material
        self._makers = makers
        self._preset = preset

    def whole(self, auth: AuthTree | None, where: Where) -> Scheme | None:
        if auth is not None:
            return self._any(auth, where)
        if self._preset is None:
            hint = "say `auth: none` when anybody may call"
            self._material.fault(where, "is required: nobody is let in without a proof", hint)
            return None
        return self._from_preset(None, where)

    def _any(self, config: SchemeConfig, where: Where) -> Scheme | None:
        way = config.way
        if way == "none":
            return Open()
        if way in ("any", "all") and isinstance(config, Group | AuthTree):
            return self._several(config, way, where)
        if way == "secret":
            return self._from_preset(config, where)
        made: Scheme | None = self._maker(way)(getattr(config, way), where / way)
        return Closed() if made is None and self._material.is_lacking else made

    def _several(self, config: Group | AuthTree, way: str, where: Where) -> Scheme | None:
        members: Sequence[SchemeConfig] = getattr(config, way)
        made = [self._any(member, where / way / index) for index, member in enumerate(members)]
        schemes = [scheme for scheme in made if scheme is not None]
        if len(schemes) < len(made):
            return None
        return AnyOf(schemes) if way == "any" else AllOf(schemes)

    def _from_preset(self, given: SchemeConfig | None, where: Where) -> Scheme | None:
        if self._preset is None:
            hint = f"known here: {', '.join(sorted(self._makers_by_way()))}"
            self._material.fault(
                where / "secret", "only a preset with a way of its own takes it", hint
            )
            return None
        try:
            filled = fill_preset_auth(self._preset, given)
        except PresetRefused as refused:
            self._material.fault(where.fixed(*refused.path), refused.reason)
            return None
        place = where.fixed("secret") if given is not None and given.secret else where.fixed()
        return self._any(filled, place)

    def _maker(self, way: str) -> Callable[..., Scheme | None]:
        return self._makers_by_way()[way]

    def _makers_by_way(self) -> Mapping[str, Callable[..., Scheme | None]]:
        makers = self._makers
        return {
            "api_key": makers.api_key,
            "basic": makers.basic,
            "bearer": makers.bearer,
            "certificate": makers.certificate,
            "digest": makers.digest,
            "hmac": makers.hmac,
            "ip": makers.ip,
            "jwt": makers.jwt,
            "path_secret": makers.path_secret,
            "public_key": makers.public_key,
            "query_secret": makers.query_secret,
            "standard_webhooks": makers.standard_webhooks,
        }
