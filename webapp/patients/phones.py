"""Phone numbers as people write them, and the digits that search compares."""

from __future__ import annotations

import re

import phonenumbers

COUNTRY = "US"
_NOT_DIGITS = re.compile(r"\D+", re.ASCII)
_NATIONAL_DIGITS = 10


def digits(number: str) -> str:
    """Digits of a number without punctuation, extension or the North American 1 in front: "2075550142"."""
    found = _NOT_DIGITS.sub("", re.split(r"(?i)ext|x|;", number, maxsplit=1)[0])
    return found[1:] if len(found) == _NATIONAL_DIGITS + 1 and found.startswith("1") else found


def parse(number: str) -> str | None:
    """Read a number that could exist and write it the usual way, "(207) 555-0142"; None when it could not.

    Only its length is judged: numbers of films and examples are numbers to us.
    """
    try:
        parsed = phonenumbers.parse(number, COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    # Seven digits are possible only for neighbors; a number without its area code reaches nobody later.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    home = parsed.country_code == phonenumbers.country_code_for_region(COUNTRY)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)
