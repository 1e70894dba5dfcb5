"""The proxies in front, really running, with what `deploy/` says but for addresses and folders."""

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.config.settings import environment
from tests.deploy.programs import DEPLOY, program
from tests.support.certificates import a_certificate
from tests.support.processes import START_LIMIT_S, free_port

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/own.log crit;
{user}
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/bridge.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    url: str
    folder: Path

    def logs(self) -> str:
        """All that it has written down."""
        files = [path for path in self.folder.rglob("*.log") if path.is_file()]
        return "\n".join(path.read_text(errors="replace") for path in files)


@contextlib.contextmanager
def nginx(folder: Path, upstreams: Sequence[str]) -> Iterator[Proxy]:
    port = free_port()
    configuration = nginx_files(folder, upstreams, port)
    command = [program("nginx"), "-c", str(configuration), "-p", str(folder)]
    with _running(command, {}, port, folder):
        yield Proxy(f"https://127.0.0.1:{port}", folder)


@contextlib.contextmanager
def nginx_inside(folder: Path, upstreams: Sequence[str]) -> Iterator[Proxy]:
    """The way of operators."""
    port = free_port()
    configuration = nginx_files(folder, upstreams, free_port())
    text = (DEPLOY / "nginx.console.conf").read_text(encoding="utf-8")
    for of_the_file, of_the_test in {
        "listen 10.0.0.2:8443": f"listen 127.0.0.1:{port}",
        "/etc/ssl/bridge.internal.example.com": str(folder),
        "/var/log/nginx": str(folder),
        "allow 10.0.0.0/8;": "allow 127.0.0.1;",
    }.items():
        assert of_the_file in text, of_the_file
        text = text.replace(of_the_file, of_the_test)
    with (folder / "bridge.conf").open("a", encoding="utf-8") as whole:
        whole.write(text)
    command = [program("nginx"), "-c", str(configuration), "-p", str(folder)]
    with _running(command, {}, port, folder):
        yield Proxy(f"https://127.0.0.1:{port}", folder)


def nginx_files(folder: Path, upstreams: Sequence[str], port: int) -> Path:
    """The path of a whole configuration."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = a_certificate("hooks.example.com", key, at=datetime.now(UTC))  # noqa: TID251
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for of_the_file, of_the_test in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "/etc/ssl/hooks.example.com": str(folder),
        "/var/log/nginx": str(folder),
        "server 127.0.0.1:8080 max_fails=0;": "".join(f"server {one};" for one in upstreams),
    }.items():
        assert of_the_file in text, of_the_file
        text = text.replace(of_the_file, of_the_test)
    (folder / "bridge.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    whole = folder / "nginx.conf"
    whole.write_text(NGINX.format(folder=folder, user=user))
    return whole


@contextlib.contextmanager
def caddy(folder: Path, upstreams: Sequence[str]) -> Iterator[Proxy]:
    """Without TLS: a certificate of an authority that is believed is not to be had in a test."""
    port = free_port()
    environ = _caddy_environ(folder, upstreams, port)
    with _running(_caddy_command(DEPLOY / "Caddyfile"), environ, port, folder):
        yield Proxy(environ["SITE"], folder)


@contextlib.contextmanager
def caddy_inside(folder: Path, upstreams: Sequence[str]) -> Iterator[Proxy]:
    """The way of operators, with a certificate of Caddy's own authority."""
    port = free_port()
    url = f"https://localhost:{port}"
    environ = {
        **_caddy_environ(folder, upstreams, free_port()),
        "CONSOLE_SITE": url,
        "CONSOLE_FROM": "127.0.0.1",
    }
    for name in ("Caddyfile", "Caddyfile.console"):
        (folder / name).write_text((DEPLOY / name).read_text(encoding="utf-8"), encoding="utf-8")
    whole = folder / "Caddyfile"
    text = whole.read_text(encoding="utf-8")
    assert "\n# import Caddyfile.console\n" in text
    # No change to this machine's authorities, and no port that other tests may want.
    ours = "{\n\tskip_install_trust\n\tauto_https disable_redirects\n"
    whole.write_text(text.replace("# import ", "import ").replace("{\n", ours, 1))
    with _running(_caddy_command(whole), environ, port, folder):
        _wait_for_certificate(port)
        yield Proxy(url, folder)


def _caddy_command(configuration: Path) -> list[str]:
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(configuration)]


def _caddy_environ(folder: Path, upstreams: Sequence[str], port: int) -> dict[str, str]:
    return {
        "SITE": f"http://127.0.0.1:{port}",
        "UPSTREAMS": " ".join(upstreams),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }


@contextlib.contextmanager
def _running(
    command: Sequence[str], environ: Mapping[str, str], port: int, folder: Path
) -> Iterator[None]:
    log = folder / "output.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**environment(), **environ}, stdout=output, stderr=output
        )
    try:
        _wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise AssertionError(log.read_text())


def _wait_for_certificate(port: int) -> None:
    """Caddy listens before it has made one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 1) as plain,
            context.wrap_socket(plain, server_hostname="localhost"),
        ):
            return
    raise AssertionError("Caddy has no certificate")
