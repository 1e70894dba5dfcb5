"""An HTTP server within a loop that is somebody else's."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from app.kit.errors import BridgeError
from app.web.asgi import App
from app.web.bounded_head import BoundedHeadProtocol

_STOP_LIMIT_S = 10


class CannotListen(BridgeError):
    slug = "configuration"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's business: caught here they would be raised again as soon as
        the server has stopped, before what is in flight is finished."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(2048)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or "no port has this number"
        raise CannotListen(
            f"can't listen on {host}:{port}: {why}; choose another address or port"
        ) from None
    return sock


def address(sock: socket.socket) -> str:
    """`http://127.0.0.1:8080` of a listening socket."""
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - shown only
    return f"http://[{shown}]:{port}" if ":" in shown.strip("[]") else f"http://{shown}:{port}"


@contextlib.asynccontextmanager
async def serving(
    app: App, sock: socket.socket, *, http: type[asyncio.Protocol] | None = None
) -> AsyncIterator[None]:
    """Serves on `sock` inside the block. At the end no new connection is taken, and requests
    under way are finished within a limit."""
    config = uvicorn.Config(
        app,
        http=http or BoundedHeadProtocol,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]), name="http server")
    try:
        async with asyncio.timeout(_STOP_LIMIT_S):
            await server.is_up.wait()
        yield
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, _STOP_LIMIT_S + 5)
