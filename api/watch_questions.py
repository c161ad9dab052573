"""The questions of `GET /v1/watch`: each `q` is the path of a GET with its parameters, and is read as that GET reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, get_origin
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ValidationError

import discovery
from api.access import RequestContext
from api.asked import Asked, Watchable
from api.field_types import MOST_PROBLEMS
from api.figure_parameters import OfSome
from api.invalid_fields import sentence, worded
from api.problem import FieldProblem, Problem, of_fields, stated
from domain.errors import DomainError, InvalidField, NotAllowed, NotFound
from projections.queries.registers import must_be_known

_OF_THE_PAST = ("as_of", "at_least")
_MOST_PARAMETERS = 2_000


@dataclass(frozen=True)
class WatchedQuestion:
    """A question that a client watches. Two are equal if they have the same path and parameters."""

    watchable: Watchable
    params: OfSome

    @property
    def key(self) -> tuple[str, OfSome]:
        """What equal questions share."""
        return self.watchable.path, self.params

    async def asked(self, context: RequestContext) -> Asked:
        """The question for the metric engine, now: without dates it is about another period tomorrow."""
        return await self.watchable.ask(context, self.params)


@cache
def watchables() -> dict[str, Watchable]:
    """Every question that can be watched, by its path."""
    return {one.path: one for several in discovery.found("api", "WATCHABLE").values() for one in several}


async def read_questions(context: RequestContext, texts: tuple[str, ...]) -> list[WatchedQuestion]:
    """The questions of a request. Raises Problem: which `q`, and which of its parameters, is wrong (422), or needs another permission (403)."""
    found = []
    for at, text in enumerate(texts):
        question = _read(at, text)
        try:
            context.application.center.queries.authorise(question.watchable.query, context.asker)
            await context.ask(must_be_known, (await question.asked(context)).question)
        except NotAllowed as error:
            raise Problem("not-allowed", f"q[{at}]: {error}", permission=error.permission, code=error.code) from error
        except NotFound as error:
            places = [FieldProblem(parameter=f"q[{at}].{name}", detail=f"q[{at}]: {said}") for name, said in stated(error).items()]
            raise Problem("not-found", f"q[{at}]: {error}", errors=places, code=error.code) from error
        except InvalidField as error:
            raise _wrong(at, list(stated(error).items()), error.code) from error
        except Problem as error:
            if error.kind != "invalid":
                raise
            raise _wrong(at, [(one.parameter or "", one.detail) for one in error.errors], error.code) from error
        except DomainError as error:
            raise _wrong(at, [("", str(error))]) from error
        found.append(question)
    return found


def _read(at: int, text: str) -> WatchedQuestion:
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise _wrong(at, [("", "this is no path with parameters")]) from None
    watchable = None if parts.scheme or parts.netloc or parts.fragment else watchables().get(parts.path)
    if watchable is None:
        raise _wrong(at, [("", f"this is none of {', '.join(watchables())}, with the parameters of that GET")])
    given = _values(watchable.parameters, pairs)
    wrong = [(name, sentence(name, "cannot be watched: a past answer does not change")) for name in _OF_THE_PAST if name in given]
    wrong += [
        (name, sentence(name, f"should not be {value}, which cannot be watched"))
        for name, value in watchable.refused.items()
        if given.get(name) == value
    ]
    if wrong:
        raise _wrong(at, wrong)
    try:
        return WatchedQuestion(watchable, watchable.parameters.model_validate(given))
    except ValidationError as error:
        named = [(str(one["loc"][0]) if one["loc"] else "", worded(one)) for one in error.errors()]
        raise _wrong(at, [(name, sentence(name[:64] or "the question", wrong)) for name, wrong in named]) from None


def _values(model: type[BaseModel], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Parameters by name, as FastAPI gives them to the model: all values of one that may be repeated, the last value of any other."""
    repeated = {field.alias or name for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in repeated:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def _wrong(at: int, errors: list[tuple[str, str]], code: str = "") -> Problem:
    """The problem of one `q`. errors: parameters of the question ("" for the question as a whole), and a sentence on what is wrong with each."""
    places = [(f"q[{at}]" + (f".{name[:64]}" if name else ""), said) for name, said in errors[:MOST_PROBLEMS]]
    return of_fields([FieldProblem(parameter=place, detail=f"q[{at}]: {said}") for place, said in places], code)
