"""Columns that probably hold personal data: by what stands in them, else by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(\+|00)[1-9][\d ()./-]{6,17}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]*")
_NAMES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"email", "mail"}), "e-mail addresses"),
    (frozenset({"phone", "mobile", "msisdn"}), "phone numbers"),
    (frozenset({"ssn", "passport", "iban", "pan", "cvv"}), "numbers of a person"),
    (frozenset({"firstname", "lastname", "surname", "fullname", "givenname"}), "names of persons"),
    (frozenset({"address", "street", "birthdate", "dob", "birthday"}), "data of a person"),
)
_SHARE = 0.2
"""From this share of values on, a column counts as holding what they are."""


def personal_kind(tokens: Sequence[str], values: Sequence[str]) -> str:
    """What personal data a column probably holds, in words; empty where nothing speaks for it."""
    kinds = (
        ("e-mail addresses", _is_email), ("card numbers", _is_card), ("account numbers (IBAN)", _is_iban),
        ("IP addresses", _is_ip), ("phone numbers", _is_phone),
    )  # fmt: skip
    for words, test in kinds:
        if values and sum(map(test, values)) >= _SHARE * len(values):
            return words
    joined = {*tokens, *("".join(pair) for pair in pairwise(tokens))}
    return next((words for names, words in _NAMES if names & joined), "")


def _is_email(value: str) -> bool:
    return bool(_EMAIL.fullmatch(value.strip()))


def _is_phone(value: str) -> bool:
    return bool(_PHONE.fullmatch(value.strip()))


def _is_ip(value: str) -> bool:
    return bool(_IP.fullmatch(value.strip())) and all(
        int(part) < 256 for part in value.strip().split(".") if part.isdigit()
    )


def _is_iban(value: str) -> bool:
    """Letters as numbers, the first four characters last: what is left of a division by 97 is 1."""
    plain = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _is_card(value: str) -> bool:
    """13 to 19 digits whose check digit is right (Luhn)."""
    if not _CARD.fullmatch(value.strip()):
        return False
    digits = [int(digit) for digit in reversed(re.sub(r"\D", "", value))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
