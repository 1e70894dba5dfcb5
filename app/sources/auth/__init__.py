"""Whether a call is from whom it should be: before anything else, over what was received.

`build_auth` makes an `Authenticator` of the configuration. `check` lets a call in or says why not,
`without_secrets` is the call as it may be kept, `sign` makes a call as that caller would.
"""

from app.sources.auth.authenticator import Authenticator
from app.sources.auth.build import build_auth
from app.sources.auth.certificates import read_certificates
from app.sources.auth.fields import FieldPath, without_fields
from app.sources.auth.key_sets import Addresses, KeySets, NothingFetched, is_within
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.presets import PresetRefused, fill_preset_auth
from app.sources.auth.refusal import Refusal
from app.sources.auth.spot import CannotSign, Decoding, Fields
from app.sources.auth.token_keys import read_key_set

__all__ = [
    "Addresses",
    "Authenticator",
    "CallPart",
    "CannotSign",
    "Decoding",
    "FieldPath",
    "Fields",
    "KeySets",
    "NothingFetched",
    "PresetRefused",
    "Refusal",
    "SecretPlaces",
    "build_auth",
    "fill_preset_auth",
    "is_within",
    "read_certificates",
    "read_key_set",
    "without_fields",
]
