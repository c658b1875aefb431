"""Phone numbers in E.164, by Google's numbering plans; and numbers of cards."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=16_384)
def e164(number: str, region: str | None = None) -> str | None:
    """`+33612345678`, or None when it is no number. `region` (ISO 3166): where a number without `+` is dialled.

    Whether the number is given out to somebody is not asked: numbering plans change more often than software.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension or not phonenumbers.is_possible_number(parsed):
        return None  # behind an extension are other people
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def of_whatsapp(wa_id: str) -> str | None:
    """The phone number behind a WhatsApp id, which is the number without its `+` (WhatsApp Cloud API, "Webhooks":
    `wa_id`). None where the id of a mobile may have a digit more or less than the number that people dial."""
    digits = wa_id.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or digits.startswith(_OTHER_THAN_THE_NUMBER):
        return None
    return e164(f"+{digits}")


_OTHER_THAN_THE_NUMBER = ("52", "54", "55")
"""Mexico, Argentina, Brazil: there an operator's digit comes and goes."""
