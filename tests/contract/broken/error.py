"""Failures of a wrong form."""

from aiohttp import web

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem


@breaks("error.json", "Errors are plain text.", {"shape.content-type": "and declared so"})
class PlainErrors(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.Response(text=str(problem), status=problem.status)


@breaks("error.json", "Errors have a `message` and no `error`.")
class MessageNotError(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.json_response({"message": str(problem)}, status=problem.status)


@breaks("error.json", "`error` is an object.")
class ErrorObject(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        body = {"error": {"message": str(problem)}}
        return web.json_response(body, status=problem.status)


@breaks("error.json", "Errors of the wait have no body.")
class EmptyErrors(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.Response(status=problem.status, content_type="application/json")
