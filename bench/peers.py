"""Other programs that take webhooks, set up for the same job as far as they can do it: the HMAC
of the body is checked, then three conditions. Each is a process of its own; absent ones are
skipped."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.servers import SECRET, Server, free_port, running

_FUNCTION = """
const expected = crypto.createHmac('sha256', secret).update(msg.payload).digest();
const given = Buffer.from(msg.req.headers['x-signature'] || '', 'hex');
if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) {
    msg.statusCode = 401;
    return [null, msg];
}
msg.payload = JSON.parse(msg.payload);
return [msg, null];
"""
_ANSWER = """
msg.statusCode = 202;
msg.payload = {status: 'accepted'};
return msg;
"""


def missing() -> list[str]:
    return [name for name in ("webhook", "node-red") if shutil.which(name) is None]


@contextlib.contextmanager
def webhook(folder: Path) -> Iterator[Server]:
    """adnanh/webhook: starts /bin/true for a call that holds; keeps nothing."""
    hooks = folder / "hooks.json"
    hooks.write_bytes(orjson.dumps([_hook()]))
    port = free_port()
    command = [shutil.which("webhook") or "webhook", "-hooks", str(hooks)]
    command += ["-ip", "127.0.0.1", "-port", str(port)]
    with running(command, {}, f"http://127.0.0.1:{port}/") as process:
        yield Server(f"http://127.0.0.1:{port}/hooks/bench", (process,))


def _hook() -> dict[str, object]:
    header = {"source": "header", "name": "X-Signature"}
    signed = {"type": "payload-hmac-sha256", "secret": SECRET, "parameter": header}
    conditions = [("event", "deal.won"), ("deal.stage", "WON"), ("deal.currency", "RUB")]
    rules = [
        {"type": "value", "value": value, "parameter": {"source": "payload", "name": name}}
        for name, value in conditions
    ]
    return {
        "id": "bench",
        "execute-command": "/bin/true",
        "success-http-response-code": 202,
        "trigger-rule": {"and": [{"match": rule} for rule in (signed, *rules)]},
    }


@contextlib.contextmanager
def node_red(folder: Path) -> Iterator[Server]:
    """Node-RED: an http-in node, a function with the HMAC, a switch of three conditions, an
    http-response node; keeps nothing."""
    home = folder / "node-red"
    home.mkdir(exist_ok=True)
    (home / "flows.json").write_bytes(orjson.dumps(_flow()))
    given = orjson.dumps(SECRET).decode()
    (home / "settings.js").write_text(
        "module.exports = {flowFile: 'flows.json', httpAdminRoot: false, "
        "logging: {console: {level: 'error'}}, functionGlobalContext: "
        f"{{crypto: require('crypto'), secret: {given}}}}};"
    )
    port = free_port()
    command = [shutil.which("node-red") or "node-red", "-u", str(home), "-p", str(port)]
    url = f"http://127.0.0.1:{port}/hooks/bench"
    with running(command, {}, url) as process:
        yield Server(url, (process,))


def _flow() -> list[dict[str, object]]:
    known = "const crypto = global.get('crypto'), secret = global.get('secret');"
    conditions = [("eq", "deal.lost"), ("eq", "deal.won"), ("eq", "cart.abandoned")]
    return [
        {"id": "flow", "type": "tab", "label": "bench"},
        {
            **{"id": "in", "z": "flow", "type": "http in", "url": "/hooks/bench"},
            **{"method": "post", "skipBodyParsing": True, "wires": [["check"]]},
        },
        {
            **{"id": "check", "z": "flow", "type": "function", "func": known + _FUNCTION},
            **{"outputs": 2, "wires": [["choose"], ["out"]]},
        },
        {
            **{"id": "choose", "z": "flow", "type": "switch", "property": "payload.event"},
            "rules": [{"t": how, "v": value, "vt": "str"} for how, value in conditions],
            **{"outputs": 3, "checkall": "true", "wires": [[], ["answer"], []]},
        },
        {
            **{"id": "answer", "z": "flow", "type": "function", "func": _ANSWER},
            **{"outputs": 1, "wires": [["out"]]},
        },
        {"id": "out", "z": "flow", "type": "http response", "wires": []},
    ]
