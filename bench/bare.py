"""The least that an ASGI server can do: read the body, answer."""

from app.web.asgi import Receive, Scope, Send, respond


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body", False):
        pass
    await respond(send, 202, b"application/json", b'{"status":"accepted"}')
