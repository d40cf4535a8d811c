"""Answers that say no: one shape for all, `{"error": {"code", "message", "hint"}}`."""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from streams.dashboard.errors import NotFoundError, QueryError

LOG: Final = structlog.get_logger(__name__)


class Refusal(BaseModel):
    """What is wrong, for programs and for people, and what to do about it."""

    code: str
    message: str
    hint: str | None = None


class Refused(BaseModel):
    """The body of every answer from 400 on."""

    error: Refusal


class RefusedError(Exception):
    """A request that is not answered, with the answer it gets instead."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.headers = status, headers
        self.refusal = Refusal(code=code, message=message, hint=hint)
        super().__init__(message)


def refused(
    status: int,
    code: str,
    message: str,
    hint: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an answer that says no."""
    body = Refused(error=Refusal(code=code, message=message, hint=hint))
    return JSONResponse(body.model_dump(), status, headers)


def explain_refusals(app: FastAPI) -> None:
    """Give every error of the application the one shape."""

    async def of_ours(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RefusedError):
            raise error
        told = error.refusal
        return refused(error.status, told.code, told.message, told.hint, error.headers)

    async def not_found(_: Request, error: Exception) -> JSONResponse:
        return refused(404, "not_found", str(error))

    async def odd_question(_: Request, error: Exception) -> JSONResponse:
        return refused(422, "unusable", str(error))

    async def misfit(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, (RequestValidationError, ValidationError)):
            raise error
        return refused(422, "unusable", _told(error.errors()))

    async def of_http(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        return refused(error.status_code, code, str(error.detail), None, error.headers)

    app.add_exception_handler(RefusedError, of_ours)
    app.add_exception_handler(NotFoundError, not_found)
    app.add_exception_handler(QueryError, odd_question)
    app.add_exception_handler(RequestValidationError, misfit)
    app.add_exception_handler(HTTPException, of_http)


def _told(errors: Sequence[Any]) -> str:
    """Say which parameters are wrong and how; without what was given, which may be a token."""
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc'][1:]) or error['loc'][0]}: "
        f"{str(error['msg']).removeprefix('Value error, ')}"
        for error in errors
    )


def log_fault(what: str, error: Exception) -> None:
    """Log a bug by its kind and place: its message might tell of a customer."""
    where = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    LOG.error(f"{what} failed, which is a bug", error=type(error).__qualname__, at=where[-12:])
