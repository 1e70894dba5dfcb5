"""Our own functions of expressions: `email(x)` and `phone(x)`."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, ValidationResult

# No address is longer (RFC 5321), and a long text costs the validator a second.
_LONGEST_EMAIL = 320
_LONGEST_PHONE = len("+") + 15  # E.164; the tables know longer ones of some countries


class NotNormal(ValueError):
    """A value is not what a function makes normal. The text names no value."""


def email(given: object) -> str:
    """The address with its domain in lower case, white space around it left out.

    Raises NotNormal. Asks no DNS: a call must not wait for that.
    """
    if not isinstance(given, str) or not given.strip():
        raise NotNormal("is no e-mail address: " + _what(given))
    text = given.strip()
    if len(text) > _LONGEST_EMAIL:
        raise NotNormal("is no e-mail address: it is too long")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise NotNormal("is no e-mail address") from None
    return found.normalized


def is_region(code: str) -> bool:
    """Whether numbers of such a country are known, by its two letters."""
    return code in phonenumbers.SUPPORTED_REGIONS


def phone(given: object, region: str | None) -> str:
    """The number in E.164 (`+79000000000`). `region` is the country of numbers that are written
    without one; numbers of 11 to 15 digits without `+` are tried as international, too.

    Raises NotNormal.
    """
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise NotNormal("is no phone number: " + _what(given))
    text = str(given).strip()[:64]
    number = _as_written(text, region)
    if number is None or not phonenumbers.is_valid_number(number):
        number = _international(text) or number
    if number is not None:
        found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if len(found) <= _LONGEST_PHONE:
            return found
    hint = "" if region else " (state the source's `region` for numbers without a country)"
    raise NotNormal(f"is no phone number{hint}")


def _as_written(text: str, region: str | None) -> PhoneNumber | None:
    """Of the right length; whether it is in use is not asked, for new ranges come into use."""
    number = _parsed(text, region)
    if number is None:
        return None
    # "Possible" would also be a number that can be called within one town only.
    length = phonenumbers.is_possible_number_with_reason(number)
    return number if length == ValidationResult.IS_POSSIBLE else None


def _international(text: str) -> PhoneNumber | None:
    """Without the plus. A guess, so that only a number in use counts: "8 800 555 35 35" is one of
    Russia and would else be one of Bangladesh."""
    digits = "".join(filter(str.isdecimal, text)).removeprefix("00")
    if text.startswith("+") or not 11 <= len(digits) <= 15:
        return None
    number = _parsed(f"+{digits}", None)
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _what(given: object) -> str:
    if given is None or given == "" or (isinstance(given, str) and not given.strip()):
        return "it is empty"
    return f"it is of type {type(given).__name__}"
