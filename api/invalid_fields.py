"""What is wrong with a field, as a plain sentence about it: Pydantic's messages name its own concepts where a caller needs to know what to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

UNKNOWN_FIELD: Final = "is unknown: no field of this request has this name"
UNKNOWN_PARAMETER: Final = "is unknown: no parameter of this request has this name"
NOT_VALID: Final = "has a value that is not valid"
"""Of a kind of error that no request can cause today."""

FEW: Final = 15
"""So many allowed values are listed."""

BODY: Final = "the body"
_AN_OBJECT: Final = "should be a JSON object"
_A_UUID: Final = "should be a UUID, as 40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"
_AN_INSTANT: Final = "should be an instant of ISO 8601 with its offset, as 2026-03-02T14:05:09-03:00"
_A_LIST: Final = "should be a list"
_TEXT: Final = "should be text"
_WHOLE: Final = "should be a whole number"
_NUMBER: Final = "should be a number"
_YES_OR_NO: Final = "should be true or false"

_forms: Final[dict[str, str]] = {}


def form(pattern: str, words: str) -> str:
    """The pattern of a field, to which `words` say in a sentence what is wrong with a text that does not match it: "should have digits alone"."""
    assert _forms.setdefault(pattern, words) == words, f"{pattern} is said in two ways"
    return pattern


Context = Mapping[str, Any]

_WORDS: Final[dict[str, str]] = {
    "missing": "is required",
    "model_attributes_type": _AN_OBJECT,
    "model_type": _AN_OBJECT,
    "dict_type": _AN_OBJECT,
    "list_type": _A_LIST,
    "tuple_type": _A_LIST,
    "string_type": _TEXT,
    "string_unicode": "should be text in UTF-8",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "has too many digits",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "should be a finite number",
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "uuid_type": _A_UUID,
    "uuid_parsing": _A_UUID,
    "datetime_type": _AN_INSTANT,
    "datetime_parsing": _AN_INSTANT,
    "datetime_object_invalid": _AN_INSTANT,
    "datetime_from_date_parsing": _AN_INSTANT,
    "timezone_aware": "should have an offset, as -03:00 or Z",
    "json_invalid": "is not JSON",
}
"""What is wrong, by the type of Pydantic's error."""

_WORDS_OF: Final[dict[str, Callable[[Context], str]]] = {
    "greater_than_equal": lambda said: f"should be {said['ge']} or more",
    "less_than_equal": lambda said: f"should be {said['le']} or less",
    "string_too_short": lambda said: f"should have {_some(said['min_length'], 'character')} or more",
    "string_too_long": lambda said: f"should have {_some(said['max_length'], 'character')} or fewer",
    "too_short": lambda said: f"should have {_some(said['min_length'], 'item')} or more",
    "too_long": lambda said: f"should have {_some(said['max_length'], 'item')} or fewer",
    "string_pattern_mismatch": lambda said: _forms.get(said["pattern"], "should be written as the documentation of the field says"),
    "literal_error": lambda said: _one_of(said["expected"]),
    "value_error": lambda said: str(said["error"]),
}
"""The same where a limit or the allowed values belong to it."""


def worded(error: Any) -> str:
    """What is wrong, of one error of Pydantic's `errors()`, to be put behind the name of the field: "should be 60 or less"."""
    kind: str = error["type"]
    if kind == "extra_forbidden":
        return UNKNOWN_FIELD if error["loc"][:1] == ("body",) else UNKNOWN_PARAMETER
    if kind in _WORDS_OF:
        return _WORDS_OF[kind](error["ctx"])
    return _WORDS.get(kind, NOT_VALID)


def sentence(place: str, wrong: str) -> str:
    """What is wrong as a sentence that names the field. place: a JSON pointer, the name of a parameter or of a header; "" for the whole body."""
    return f"{place.removeprefix('/').replace('/', '.') or BODY} {wrong}"


def _some(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _one_of(expected: str) -> str:
    """What is allowed, of Pydantic's list: `'a', 'b' or 'c'`."""
    values = [value.strip("'") or '""' for value in expected.replace(" or ", ", ").split(", ")]
    if len(values) > FEW:
        return f"should be one of the {len(values)} values that the documentation of the field lists"
    return f"should be {values[0]}" if len(values) == 1 else f"should be one of {', '.join(values)}"
