"""Known systems as a user would configure them."""

from app.sources.presets import Preset, presets
from tests.support.senders import PAYPAL_WEBHOOK, SENDGRID_KEY

# What a preset's own way needs besides a secret, or in the place of one.
INPUTS = {
    "paypal": f"{{webhook_id: {PAYPAL_WEBHOOK}, roots: {{env: ROOTS}}}}",
    "sendgrid": f"{{public_key: {SENDGRID_KEY}}}",
}


OF_FIXED_FORM = {"gitlab-signed", "standard-webhooks"}


def variable_of(name: str, *, is_right: bool = True) -> str:
    """The variable that holds the secret, or one that only somebody else knows."""
    if name in OF_FIXED_FORM:
        return "WHSEC" if is_right else "WHSEC_OTHER"
    return "SECRET" if is_right else "OTHER"


def needs_secret(preset: Preset) -> bool:
    return "{'secret': 'preset'}" in str(preset.auth)


def source_text(name: str, *, is_right: bool = True) -> str:
    """As a user would write it, with the caller's secret or with another."""
    variable = variable_of(name, is_right=is_right)
    preset = presets()[name]
    lines = [f"preset: {name}"]
    if preset.auth is None:
        lines.append("auth: none")
    elif needs_secret(preset):
        lines.append(f"auth: {{secret: {{env: {variable}}}}}")
    elif name in INPUTS:
        lines.append(f"auth: {{inputs: {INPUTS[name]}}}")
    if any(each.verify for each in preset.source.handshakes or ()):
        lines.append("verify_token: {env: VERIFY}")
    return "\n".join(lines)
