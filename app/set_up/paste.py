"""A source of a known system as it is written in the file, to be pasted."""

from app.sources.auth.presets import inputs_of, needs_secret
from app.sources.presets import Preset


def source_text(name: str, preset: Preset) -> str:
    variable = f"{name.upper().replace('-', '_')}_SECRET"
    given = [f"secret: {{env: {variable}}}"] if needs_secret(preset.auth) else []
    inputs = inputs_of(preset.auth)
    if inputs:
        given.append(f"inputs: {{{', '.join(f'{key}: ...' for key in inputs)}}}")
    auth = "none" if preset.auth is None else f"{{{', '.join(given)}}}"
    lines = ["sources:", f"  {name}:", f"    preset: {name}"]
    if given or preset.auth is None:
        lines.append(f"    auth: {auth}")
    if any(handshake.verify for handshake in preset.source.handshakes or ()):
        lines.append(f"    verify_token: {{env: {variable.removesuffix('SECRET')}VERIFY_TOKEN}}")
    return "\n".join(lines)
