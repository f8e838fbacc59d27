"""The operations of documents, which avatars know."""

from typing import Any

from fake_runway.core.asset_calls import create_asset, delete_asset, get_asset, update_asset
from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.kinds import AVATARS, DOCUMENTS, MADE_DOCUMENT, DocumentContent
from fake_runway.core.assets.pages import Position
from fake_runway.core.errors import TooMuchKnowledge
from fake_runway.core.types import Json
from fake_runway.runway_api.avatars import check_knowledge, check_update, users_of_documents
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.listing import let_other_client_act, page_reply
from fake_runway.runway_api.queries import choice_in
from fake_runway.runway_api.wire import instant
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World


def list_documents(call: RunwayCall) -> Reply:
    """Answer one page of the documents, in the order that is asked for."""
    documents = call.world.account.assets.of_kind(DOCUMENTS.name)
    sort = choice_in(call, "sort", ("createdAt", "updatedAt"))
    order = choice_in(call, "order", ("desc", "asc"))
    users, descending = users_of_documents(call), order == "desc"

    def position(document: Asset) -> Position:
        at = document.created_at if sort == "createdAt" else document.updated_at
        return at, document.rank

    def body(document: Asset) -> Json:
        return _body(document, users, with_text=False)

    reply, end = page_reply(
        call,
        documents.values(),
        of=f"documents {sort} {order}",
        position=position,
        body=body,
        descending=descending,
    )
    if end is not None:

        def rest() -> Asset:
            if descending:
                return max((one for one in documents.values() if position(one) < end), key=position)
            return min((one for one in documents.values() if position(one) > end), key=position)

        let_other_client_act(call, DOCUMENTS, made=MADE_DOCUMENT, rest=rest)
    return reply


def create_document(call: RunwayCall) -> Reply:
    """Answer a new document."""
    world, body, settings = call.world, call.exchange.body, call.world.settings
    _check_length(world, body["content"])
    document = create_asset(
        world.account,
        DOCUMENTS,
        DocumentContent(body["name"], body["content"]),
        at=call.exchange.at,
        plan=settings.document_plan,
        most=settings.asset_rules.max_documents,
    )
    return Reply(200, _body(document, {}, with_text=True))


def get_document(call: RunwayCall) -> Reply:
    """Answer one document."""
    return Reply(200, _body(_found(call), users_of_documents(call), with_text=True))


def update_document(call: RunwayCall) -> Reply:
    """Change the name or the text of a document; another text is processed."""
    world, body = call.world, call.exchange.body
    check_update(world, body)
    document = _found(call)
    text, name = body.get("content"), body.get("name")
    if text is not None:
        _check_length(world, text)
        for avatar in world.account.assets.of_kind(AVATARS.name).values():
            if document.id in avatar.content.documents:
                check_knowledge(world, avatar.content, {document.id: text})
    if body:
        old: DocumentContent = document.content
        content = DocumentContent(name or old.name, text or old.text)
        plan = None if text is None else world.settings.document_plan
        update_asset(world.account, document, content, at=call.exchange.at, again=plan)
    return Reply(204)


def delete_document(call: RunwayCall) -> Reply:
    """Delete a document. Avatars no longer know it."""
    delete_asset(call.world.account, _found(call), at=call.exchange.at)
    return Reply(204)


def _found(call: RunwayCall) -> Asset:
    account, document_id, at = call.world.account, call.exchange.subject.id, call.exchange.at
    return get_asset(account, DOCUMENTS, document_id, at=at)


def _check_length(world: World, text: str) -> None:
    most = world.settings.asset_rules.document_characters
    if most is not None and len(text) > most:
        raise TooMuchKnowledge(f"Too big: expected string to have <={most} characters")


def _body(document: Asset, users: dict[str, list[Json]], *, with_text: bool) -> Json:
    body: dict[str, Any] = {
        "id": document.id,
        "name": document.content.name,
        "type": "text",
        "usedBy": users.get(document.id, []),
        "createdAt": instant(document.created_at),
        "updatedAt": instant(document.updated_at),
    }
    if with_text:
        body["content"] = document.content.text
    return body
