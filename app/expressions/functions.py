"""Our own functions of expressions: `email(x)` and `phone(x)`."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email


class NotNormal(ValueError):
    """A value is not what a function makes normal. The text names no value."""


def email(given: object) -> str:
    """The address with its domain in lower case, white space around it left out.

    Raises NotNormal. Asks no DNS: a call must not wait for that.
    """
    if not isinstance(given, str) or not given.strip():
        raise NotNormal("is no e-mail address: " + _what(given))
    try:
        found = validate_email(given.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise NotNormal("is no e-mail address") from None
    return found.normalized


def phone(given: object, region: str | None) -> str:
    """The number in E.164 (`+79000000000`). `region` is the country of numbers that are written
    without one; numbers of 11 to 15 digits without `+` are tried as international, too.

    Raises NotNormal.
    """
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise NotNormal("is no phone number: " + _what(given))
    for text in _spellings(str(given).strip()[:64], region):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    hint = "" if region else " (state the source's `region` for numbers without a country)"
    raise NotNormal(f"is no phone number{hint}")


def _spellings(text: str, region: str | None) -> list[str]:
    digits = "".join(filter(str.isdecimal, text))
    is_bare = not text.startswith("+") and 11 <= len(digits) <= 15
    international = [f"+{digits}"] if is_bare else []
    # "89161234567" means Russia when the region says so, and no country's code when it does not.
    return [text, *international] if region else international or [text]


def _what(given: object) -> str:
    if given is None or given == "" or (isinstance(given, str) and not given.strip()):
        return "it is empty"
    return f"it is of type {type(given).__name__}"
