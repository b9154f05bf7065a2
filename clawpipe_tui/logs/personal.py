"""Columns that probably hold personal data: by what stands in them, else by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(\+|00)[1-9][\d ()./-]{6,17}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
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
    kinds = (("e-mail addresses", _is_email), ("card numbers", _is_card), ("phone numbers", _is_phone))
    for words, test in kinds:
        if values and sum(map(test, values)) >= _SHARE * len(values):
            return words
    joined = {*tokens, *("".join(pair) for pair in pairwise(tokens))}
    return next((words for names, words in _NAMES if names & joined), "")


def _is_email(value: str) -> bool:
    return bool(_EMAIL.fullmatch(value.strip()))


def _is_phone(value: str) -> bool:
    return bool(_PHONE.fullmatch(value.strip()))


def _is_card(value: str) -> bool:
    """13 to 19 digits whose check digit is right (Luhn)."""
    if not _CARD.fullmatch(value.strip()):
        return False
    digits = [int(digit) for digit in reversed(re.sub(r"\D", "", value))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
