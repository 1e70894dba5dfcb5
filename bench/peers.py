"""Other programs that take webhooks, set up for the same job: the HMAC of the body is checked, then
three conditions, then the call is appended to a file and flushed to the disk, then it is answered.
Each also without the file, as they come. Each is a process of its own; absent ones are skipped."""

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
_STORE = """
fs.writeSync(file, JSON.stringify(msg.payload) + '\\n');
fs.fsyncSync(file);
"""
_ANSWER = """
msg.statusCode = 202;
msg.payload = {status: 'accepted'};
return msg;
"""


def missing() -> list[str]:
    return [name for name in ("webhook", "node-red") if shutil.which(name) is None]


@contextlib.contextmanager
def webhook(folder: Path, *, stores: bool) -> Iterator[Server]:
    """adnanh/webhook: starts a command for a call that holds; where it stores, it answers when that
    has ended, else it starts /bin/true and waits for nothing."""
    hooks = folder / "hooks.json"
    store = folder / "store.sh"
    store.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {folder}/calls && sync {folder}/calls\n')
    store.chmod(0o700)
    hooks.write_bytes(orjson.dumps([_hook(store if stores else None)]))
    port = free_port()
    command = [shutil.which("webhook") or "webhook", "-hooks", str(hooks)]
    command += ["-ip", "127.0.0.1", "-port", str(port)]
    with running(command, {}, f"http://127.0.0.1:{port}/") as process:
        yield Server(f"http://127.0.0.1:{port}/hooks/bench", (process,))


def _hook(store: Path | None) -> dict[str, object]:
    header = {"source": "header", "name": "X-Signature"}
    signed = {"type": "payload-hmac-sha256", "secret": SECRET, "parameter": header}
    conditions = [("event", "deal.won"), ("deal.stage", "WON"), ("deal.currency", "RUB")]
    rules = [
        {"type": "value", "value": value, "parameter": {"source": "payload", "name": name}}
        for name, value in conditions
    ]
    return {
        "id": "bench",
        "execute-command": str(store or "/bin/true"),
        "pass-arguments-to-command": [{"source": "entire-payload"}] if store else [],
        "include-command-output-in-response": store is not None,
        "success-http-response-code": 202,
        "trigger-rule": {"and": [{"match": rule} for rule in (signed, *rules)]},
    }


@contextlib.contextmanager
def node_red(folder: Path, *, stores: bool) -> Iterator[Server]:
    """Node-RED: an http-in node, a function with the HMAC, a switch of three conditions, a function
    that stores or does not, an http-response node."""
    home = folder / "node-red"
    home.mkdir(exist_ok=True)
    (home / "flows.json").write_bytes(orjson.dumps(_flow(stores=stores)))
    given = orjson.dumps(SECRET).decode()
    (home / "settings.js").write_text(
        "module.exports = {flowFile: 'flows.json', httpAdminRoot: false, "
        "logging: {console: {level: 'error'}}, functionGlobalContext: "
        f"{{crypto: require('crypto'), secret: {given}, fs: require('fs'), "
        f"file: require('fs').openSync('{folder}/calls.js', 'a')}}}};"
    )
    port = free_port()
    command = [shutil.which("node-red") or "node-red", "-u", str(home), "-p", str(port)]
    url = f"http://127.0.0.1:{port}/hooks/bench"
    with running(command, {}, url) as process:
        yield Server(url, (process,))


def _flow(*, stores: bool) -> list[dict[str, object]]:
    known = "const crypto = global.get('crypto'), secret = global.get('secret');"
    file = "const fs = global.get('fs'), file = global.get('file');"
    answer = file + _STORE + _ANSWER if stores else _ANSWER
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
            **{"id": "answer", "z": "flow", "type": "function", "func": answer},
            **{"outputs": 1, "wires": [["out"]]},
        },
        {"id": "out", "z": "flow", "type": "http response", "wires": []},
    ]
