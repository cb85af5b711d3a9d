"""`hedgerow run`: what it says, one node for a folder, and a clean end."""

import contextlib
import http.server
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hedgerow_node.config import MAX_OF_IPV4
from node.api.serving import Running, environment, hedgerow, running
from node.cli.calling import call


@contextlib.contextmanager
def started(home: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A node of which nobody reads anything yet; ended however the test ends."""
    command = hedgerow(home, "run", "--no-open", *options)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def lines_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    assert process.stderr is not None
    raise AssertionError((lines, process.stderr.read()))


def test_the_first_start_says_what_was_made_and_the_second_takes_two_lines(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with started(home, "--page", "127.0.0.1:0") as process:
        first = lines_until(process, "hedgerow doctor")
    assert first[0] == "Made your identity             (only on this computer)"
    assert first[1] == f"Opened your library            {home}"
    assert re.fullmatch(r"Your page is ready: {12}http://127\.0\.0\.1:\d+/start\?k=[0-9A-Z-]+", first[2])
    assert first[3:] == [
        "Nothing is shared. You are not connected to anyone yet.",
        "Stop with Ctrl-C.   Something wrong: hedgerow doctor",
    ]
    with started(home, "--page", "127.0.0.1:0") as process:
        second = lines_until(process, "people")
    assert second[0].startswith("Your page is ready: ")
    assert second[1:] == ["0 people, 0 links"]


def test_json_is_one_line_with_page_peer_and_person(tmp_path: Path) -> None:
    with running(tmp_path, "--listen", "127.0.0.1:0") as node:
        assert node.page == f"http://127.0.0.1:{node.port}"
        assert re.fullmatch(r"127\.0\.0\.1:\d+", node.peer)
        assert node.did.startswith("did:key:z6Mk")
        assert node.start.startswith(f"{node.page}/start?k=")
        told = json.loads((tmp_path / "running.json").read_bytes())
        assert told == {"url": node.page, "pid": node.process.pid, "did": node.did, "peer": node.peer}
        assert (tmp_path / "running.json").stat().st_mode & 0o777 == 0o600


def test_a_proxy_in_front_is_believed_when_it_says_who_calls(tmp_path: Path) -> None:
    with (
        running(tmp_path, "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1") as node,
        ExitStack() as open_ones,
    ):
        statuses = [upgrade(open_ones, node.peer, "192.0.2.1") for _ in range(MAX_OF_IPV4 + 1)]
        assert statuses == [101] * MAX_OF_IPV4 + [503]
        assert upgrade(open_ones, node.peer, "192.0.3.1") == 101


def upgrade(open_ones: ExitStack, address: str, caller: str) -> int:
    """Ask for a WebSocket in the name of a caller and stay; returns the HTTP status."""
    host, port = address.split(":")
    peer = open_ones.enter_context(socket.create_connection((host, int(port)), timeout=10))
    peer.sendall(
        f"GET /peer HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
        f"Sec-WebSocket-Protocol: hedgerow.1\r\nX-Forwarded-For: {caller}\r\n\r\n".encode()
    )
    return int(peer.recv(64).split(b" ", 2)[1])


def test_a_proxy_is_named_by_its_ip_address(tmp_path: Path) -> None:
    with started(tmp_path, "--listen", "127.0.0.1:0", "--proxy", "proxy.example") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "HG-R1" in errors
    assert "proxy.example" in errors


def test_nobody_is_let_in_unless_asked_for(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        assert node.peer is None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    with started(tmp_path, "--page", "127.0.0.1:0") as process:
        lines_until(process, "hedgerow doctor")
        process.send_signal(how)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (0, "Stopped.\n", "")
    assert not (tmp_path / "running.json").exists()
    assert (tmp_path / "lock").read_bytes() == b""
    assert call(tmp_path, "status")[0] == 0


def test_it_ends_while_somebody_listens_to_events_and_somebody_sends_half_a_request(tmp_path: Path) -> None:
    with started(tmp_path, "--page", "127.0.0.1:0", "--json") as process:
        node = Running(tmp_path, json.loads(lines_until(process, "{")[0]), process)
        listening = node.connect()
        listening.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {node.token}"})
        answer = listening.getresponse()
        half = socket.create_connection(("127.0.0.1", node.port or 0))
        half.sendall(b"GET / HT")
        process.terminate()
        assert b"published" not in answer.read()
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        half.close()
        listening.close()


def test_a_second_one_on_the_folder_says_so_and_gives_a_link(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        status, out, errors = call(tmp_path, "run", "--no-open")
        assert (status, errors) == (0, "")
        assert out.startswith(f"Hedgerow is already running.   Your page: {node.page}/start?k=")
        status, out, _ = call(tmp_path, "--json")
        told = json.loads(out)
        assert (status, told["page"], told["did"], told["already_running"]) == (0, node.page, node.did, True)
        status, out, _ = call(tmp_path, "open", "--json")
        assert (status, json.loads(out)["url"].partition("=")[0]) == (0, f"{node.page}/start?k")


def test_where_none_runs_there_is_nothing_to_open(tmp_path: Path) -> None:
    status, out, _ = call(tmp_path, "open", "--json")
    assert (status, json.loads(out)["code"]) == (1, "HG-A13")


def taken() -> socket.socket:
    """A port that somebody else has."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    return holder


def test_a_port_that_is_taken_is_refused_where_it_was_named(tmp_path: Path) -> None:
    with taken() as holder:
        port = holder.getsockname()[1]
        status, out, _ = call(tmp_path, "run", "--no-open", "--json", "--page", f"127.0.0.1:{port}")
    assert (status, json.loads(out)["code"]) == (1, "HG-A12")


def test_a_page_is_never_offered_to_other_computers(tmp_path: Path) -> None:
    command = hedgerow(tmp_path, "run", "--no-open", "--json", "--page", "0.0.0.0:0")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, env=environment())
    assert (ended.returncode, json.loads(ended.stdout)["code"]) == (1, "HG-A12")
    assert not (tmp_path / "keys").exists()


def test_the_next_free_port_is_taken_and_told(tmp_path: Path) -> None:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 8470)):
        with started(tmp_path) as process:
            lines = lines_until(process, "hedgerow doctor")
        assert "Port 8470 is taken, so your page is on another one." in lines
        (page,) = [line for line in lines if line.startswith("Your page")]
        assert ":8470/" not in page


def test_after_a_crash_a_stranger_on_the_old_port_is_not_sent_the_token(tmp_path: Path) -> None:
    with started(tmp_path, "--page", "127.0.0.1:0", "--json") as process:
        lines_until(process, "{")
        process.kill()
        process.wait()
    left = json.loads((tmp_path / "running.json").read_bytes())
    heard: list[str | None] = []

    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers["Authorization"])
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    port = int(left["url"].rpartition(":")[2])
    with http.server.HTTPServer(("127.0.0.1", port), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        # Also when the number of the process was given to somebody who lives.
        (tmp_path / "running.json").write_text(json.dumps({**left, "pid": os.getpid()}))
        status, out, _ = call(tmp_path, "identity", "show", "--json")
        server.shutdown()
        thread.join()
    assert (status, json.loads(out)["did"], heard) == (0, left["did"], [])


def test_a_command_waits_for_another_that_has_the_folder(tmp_path: Path) -> None:
    call(tmp_path, "status")
    commands = [hedgerow(tmp_path, "add", f"https://example.org/{one}", "--json") for one in range(4)]
    processes = [
        subprocess.Popen(one, stdout=subprocess.PIPE, text=True, env=environment()) for one in commands
    ]
    assert [json.loads(process.communicate()[0])["added"] for process in processes] == [True] * 4


def test_a_command_in_the_middle_of_a_start_is_answered(tmp_path: Path) -> None:
    with started(tmp_path, "--page", "127.0.0.1:0") as process:
        while not (tmp_path / "lock").exists():
            time.sleep(0.005)
        assert call(tmp_path, "status")[0] == 0
        assert process.poll() is None


def on_terminal(command: list[str], until: str, columns: int = 40) -> str:
    """What a command shows on a terminal of so many columns, until some words; then it is interrupted."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**environment(), "COLUMNS": str(columns), "TERM": "xterm"})
    shown = ""
    while until not in shown and select.select([terminal], [], [], 20)[0]:
        try:
            shown += os.read(terminal, 65_536).decode(errors="replace")
        except OSError:
            break
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):
        while more := os.read(terminal, 65_536):
            shown += more.decode(errors="replace")
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown


def test_on_a_terminal_control_c_ends_it_with_words(tmp_path: Path) -> None:
    shown = on_terminal(hedgerow(tmp_path, "run", "--no-open", "--page", "127.0.0.1:0"), "hedgerow doctor")
    assert "Made your identity" in shown
    assert shown.rstrip().endswith("Stopped.")
    assert "Traceback" not in shown
    assert "\x1b" not in shown


def test_on_a_terminal_lines_fit_it(tmp_path: Path) -> None:
    shown = on_terminal(hedgerow(tmp_path, "doctor"), "erased")
    assert max(map(len, shown.splitlines())) <= max(40, len(str(tmp_path)) + 6)
