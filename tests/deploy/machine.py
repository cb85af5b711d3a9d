"""What runs on the machine of a stage: the seed as systemd runs it, the real Caddy, the real nginx."""

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 60.0
PAUSE = 0.05
SEED = "hedgerow-seed"
UNIT = f"etc/systemd/system/{SEED}.service"
CADDY = """{{
    admin off
    local_certs
    skip_install_trust
    default_bind 127.0.0.1
    http_port {http}
    https_port {https}
    storage file_system {root}/run/caddy
}}
import {root}/etc/caddy/Caddyfile
"""
NGINX = """daemon off;
pid {root}/run/nginx/nginx.pid;
error_log stderr;
events {{ worker_connections 768; }}
http {{
    access_log off;
    client_body_temp_path {root}/run/nginx/body;
    proxy_temp_path {root}/run/nginx/proxy;
    fastcgi_temp_path {root}/run/nginx/fastcgi;
    uwsgi_temp_path {root}/run/nginx/uwsgi;
    scgi_temp_path {root}/run/nginx/scgi;
    include {root}/etc/nginx/sites-enabled/*;
}}
"""


@dataclass(frozen=True)
class Site:
    """A file of a proxy: where it is in `deploy`, and where the guide puts it."""

    source: str
    target: str


SITES = {
    "caddy": Site("Caddyfile", "etc/caddy/Caddyfile"),
    "nginx": Site("nginx.conf", "etc/nginx/sites-enabled/hedgerow"),
}
AUTHORITY = "run/caddy/pki/authorities/local/root.crt"


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for something; raises `SystemExit` where it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(PAUSE)


class Machine:
    """The programs of a stage, by the files that stand in its folder; each has its number in `run`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / "run"
        self.trusted = self.run / "trusted.pem"

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the stage by their names."""
        return dict(json.loads((self.run / "ports.json").read_text()))

    def reload(self, program: str) -> None:
        """Let a program read its files again."""
        self.stop(program)
        self.start(program)

    def start(self, program: str) -> None:
        """Start a program and wait until it serves; raises `SystemExit` where it does not."""
        if not self.is_running(program):
            {SEED: self._start_seed, "caddy": self._start_caddy, "nginx": self._start_nginx}[program]()

    def is_running(self, program: str) -> bool:
        """Whether a program was started here and lives."""
        file = self.run / f"{program}.pid"
        return file.exists() and _lives(int(file.read_text()))

    def stop(self, program: str) -> None:
        """End a program by its number, and wait for its end."""
        if self.is_running(program):
            number = int((self.run / f"{program}.pid").read_text())
            os.kill(number, signal.SIGTERM)
            until(lambda: not _lives(number), f"{program} ends")

    def stop_all(self) -> None:
        """End everything that was started here."""
        for program in (SEED, "caddy", "nginx"):
            self.stop(program)

    def _spawn(self, program: str, command: list[str], more: Mapping[str, str]) -> None:
        with (self.run / f"{program}.out").open("a") as out:
            process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.run), **more},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        (self.run / f"{program}.pid").write_text(str(process.pid))
        process.returncode = 0  # it goes on by its number, and this object has nothing more to say

    # --- The seed ----------------------------------------------------------------------------------------

    def _start_seed(self) -> None:
        unit = (self.root / UNIT).read_text()
        [command] = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind("")  # the system gives it a name that is no file
            ear.settimeout(PATIENCE)
            name = "@" + ear.getsockname()[1:].decode()
            self._spawn(SEED, shlex.split(command), {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000000"})
            said = b""
            while b"READY=1" not in said:
                said = self._next_word(ear)

    def _next_word(self, ear: socket.socket) -> bytes:
        until(lambda: _has_word(ear) or not self.is_running(SEED), f"{SEED} says that it is ready")
        if not self.is_running(SEED):
            raise SystemExit(f"{SEED} ended: {(self.run / f'{SEED}.out').read_text()[-2_000:]}")
        return ear.recv(4_096)

    # --- The proxies -------------------------------------------------------------------------------------

    def _start_caddy(self) -> None:
        file = self.run / "Caddyfile"
        file.write_text(CADDY.format(root=self.root, **self.ports))
        folders = {"XDG_DATA_HOME": str(self.run / "caddy"), "XDG_CONFIG_HOME": str(self.run / "caddy")}
        self._spawn("caddy", ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)], folders)
        authority = self.root / AUTHORITY
        until(lambda: authority.exists() and authority.stat().st_size > 0, "Caddy has an authority")
        self.trusted.write_bytes(authority.read_bytes())
        self._wait_for_tls("caddy")

    def _start_nginx(self) -> None:
        (self.run / "nginx").mkdir(exist_ok=True)
        file = self.run / "nginx.conf"
        file.write_text(NGINX.format(root=self.root))
        self._spawn("nginx", ["nginx", "-p", str(self.run / "nginx"), "-e", "stderr", "-c", str(file)], {})
        self._wait_for_tls("nginx")

    def _wait_for_tls(self, program: str) -> None:
        until(lambda: self._speaks_tls() or not self.is_running(program), f"{program} speaks TLS")
        if not self.is_running(program):
            raise SystemExit(f"{program} ended: {(self.run / f'{program}.out').read_text()[-2_000:]}")

    def _speaks_tls(self) -> bool:
        context = ssl.create_default_context(cafile=str(self.trusted))
        try:
            with (
                socket.create_connection(("127.0.0.1", self.ports["https"]), PATIENCE) as plain,
                context.wrap_socket(plain, server_hostname="localhost"),
            ):
                return True
        except OSError:
            return False

    def certify(self, name: str) -> None:
        """A certificate for this name where certbot puts one; it is trusted here, for it signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        folder = self.root / "etc/letsencrypt/live" / name
        folder.mkdir(parents=True)
        (folder / "privkey.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        certificate = _signed_by_itself(name, key).public_bytes(serialization.Encoding.PEM)
        for file in (folder / "fullchain.pem", self.trusted):
            file.write_bytes(certificate)


def _has_word(ear: socket.socket) -> bool:
    ear.setblocking(False)
    try:
        return bool(ear.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        ear.settimeout(PATIENCE)


def _lives(number: int) -> bool:
    with suppress(ChildProcessError):  # it may be a child of somebody else
        os.waitpid(number, os.WNOHANG)
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _signed_by_itself(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
