"""What is wrong with a field, in the words of the API: Pydantic's messages name its own concepts where a caller needs to know what to send."""

from __future__ import annotations

from typing import Any, Final

UNKNOWN_FIELD: Final = "unknown: no field of this request has this name"
UNKNOWN_PARAMETER: Final = "unknown: no parameter of this request has this name"
_AN_OBJECT: Final = "should be a JSON object"
_WORDS: Final[dict[str, str]] = {
    "missing": "is required",
    "model_attributes_type": _AN_OBJECT,
    "model_type": _AN_OBJECT,
    "dict_type": _AN_OBJECT,
}


def worded(error: Any) -> str:
    """What is wrong, of one error of Pydantic's `errors()`."""
    if error["type"] == "extra_forbidden":
        return UNKNOWN_FIELD if error["loc"][0] == "body" else UNKNOWN_PARAMETER
    return _WORDS.get(error["type"], str(error["msg"]))
