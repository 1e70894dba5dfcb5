"""What to enter where, and a call that makes its own proof."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from app.config.schema.source import Source as SourceConfig
from app.set_up.curl import NotInShell, curl
from app.set_up.proofs import Proofs, proofs, whole_auth
from app.set_up.sample import sample_call
from app.sources.build import merged
from app.sources.presets import Preset, presets

SECRET = "SECRET"  # noqa: S105 - where the secret goes, not what it is


@dataclass(frozen=True, slots=True)
class Guide:
    """`url` is to be entered, with SECRET where the secret goes. `curl` None: a shell can't make
    that proof; `why_no_curl` says why."""

    url: str
    steps: tuple[str, ...]
    secret: str | None
    proofs: Proofs
    curl: str | None
    why_no_curl: str | None


def guide(name: str, config: SourceConfig, base: str, at: datetime) -> Guide:
    """`base` is how callers address the bridge. Raises PresetRefused."""
    preset = presets().get(config.preset or "")
    auth = whole_auth(config, preset)
    wanted = proofs(auth)
    plain = url = f"{base}/hooks/{quote(name)}"
    if any(proof.way == "path_secret" for proof in wanted.of):
        url += f"/{SECRET}"
    command, why = None, None
    try:
        command = curl(sample_call(name, merged(config, preset), base, at), auth)
    except NotInShell as error:
        why = error.why
    # The steps say themselves where the secret goes.
    entered, secret = steps(preset, plain), preset.secret if preset else None
    return Guide(url, entered, secret, wanted, command, why)


def steps(preset: Preset | None, url: str) -> tuple[str, ...]:
    return tuple(step.replace("{url}", url) for step in preset.enter) if preset else ()
