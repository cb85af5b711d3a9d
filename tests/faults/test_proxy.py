"""The proxy does to a connection what its line says, and nothing else."""

import os
import socket
import socketserver
import subprocess
import sys
import threading
import time

import pytest

from faults.callers import process_at
from faults.line import Line
from faults.plan import Kind, begin, end, plan
from faults.proxy import Proxy

SOON = 0.3
"""Seconds in which what a line does not let through would have come."""
PATIENCE = 20.0


class Echo(socketserver.BaseRequestHandler):
    """Gives back what it gets."""

    def handle(self) -> None:
        try:
            while data := self.request.recv(65_536):
                self.request.sendall(data)
        except OSError:
            return


class Echoes(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def proxy(line):
    """A proxy on this line, in front of a server that echoes."""
    with Echoes(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = Proxy(lambda port: line)
        proxy.open()
        proxy.target = server.server_address[1]
        yield proxy
        proxy.close()
        server.shutdown()


def dial(proxy: Proxy) -> socket.socket:
    host, _, port = proxy.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def received(end: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = end.recv(65_536)
        if not part:
            break
        data += part
    return data


def is_silent(end: socket.socket) -> bool:
    end.settimeout(SOON)
    try:
        return not end.recv(1)
    except TimeoutError:
        return True
    finally:
        end.settimeout(PATIENCE)


def is_turned_away(proxy: Proxy) -> bool:
    try:
        with dial(proxy) as end:
            end.recv(1)
    except ConnectionResetError:
        return True
    return False


def test_a_calm_line_carries_everything_in_order(proxy):
    data = os.urandom(500_000)
    with dial(proxy) as end:
        threading.Thread(target=end.sendall, args=(data,)).start()
        assert received(end, len(data)) == data


def test_what_a_stall_holds_back_comes_when_it_ends(proxy, line):
    with dial(proxy) as end:
        end.sendall(b"before")
        assert received(end, 6) == b"before"
        line.is_stalled = True
        end.sendall(b"during")
        assert is_silent(end)
        line.is_stalled = False
        assert received(end, 6) == b"during"


def test_a_reset_ends_the_connections_of_its_line_alone(line):
    lines = {}
    with Echoes(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = Proxy(lambda port: lines.get(port, line))
        proxy.open()
        proxy.target = server.server_address[1]
        with dial(proxy) as kept, dial_on(proxy, lines, Line()) as other:
            for one in (kept, other):
                one.sendall(b"hello")
                assert received(one, 5) == b"hello"
            lines[other.getsockname()[1]].reset()
            with pytest.raises(ConnectionResetError):
                received(other, 1)
            kept.sendall(b"still")
            assert received(kept, 5) == b"still"
        proxy.close()
        server.shutdown()


def dial_on(proxy: Proxy, lines: dict[int, Line], line: Line) -> socket.socket:
    """Dial from a port whose line is this one."""
    end = socket.socket()
    end.settimeout(PATIENCE)
    end.bind(("127.0.0.1", 0))
    lines[end.getsockname()[1]] = line
    host, _, port = proxy.address.rpartition(":")
    end.connect((host, int(port)))
    return end


def test_who_is_parted_is_heard_no_more_and_finds_nobody_until_it_is_healed(proxy, line):
    with dial(proxy) as end:
        end.sendall(b"before")
        received(end, 6)
        line.is_parted = True
        end.sendall(b"during")
        assert is_silent(end)
        assert is_turned_away(proxy)
        line.calm()
        assert received(end, 6) == b"during"


def test_a_late_line_takes_its_time_each_way(proxy, line):
    line.delay = SOON
    with dial(proxy) as end:
        began = time.monotonic()
        end.sendall(b"hello")
        assert received(end, 5) == b"hello"
        assert time.monotonic() - began >= 2 * SOON, "a delay is no matter of how fast the computer is"


def test_a_slow_line_carries_no_more_than_its_rate(proxy, line):
    line.rate = 100_000.0
    data = os.urandom(30_000)
    with dial(proxy) as end:
        began = time.monotonic()
        end.sendall(data)
        assert received(end, len(data)) == data
        assert time.monotonic() - began >= 0.25


def test_a_connection_that_is_over_is_forgotten(proxy, line):
    with dial(proxy) as end:
        end.sendall(b"hello")
        received(end, 5)
        assert line.connections == 1
    until = time.monotonic() + PATIENCE
    while line.connections:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_who_dials_a_node_that_is_not_there_is_turned_away(proxy):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        proxy.target = unused.getsockname()[1]
    assert is_turned_away(proxy)


def test_the_process_at_the_near_end_is_known():
    program = "import socket,sys; s=socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.recv(1)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        processes = [subprocess.Popen([sys.executable, "-c", program, port]) for _ in range(2)]
        ends = [server.accept() for _ in processes]
        pids = [process.pid for process in processes]
        assert {process_at(address[1], pids) for _, address in ends} == set(pids)
        assert process_at(ends[0][1][1], []) is None
        for end, _ in ends:
            end.close()
        for process in processes:
            process.wait()


def test_the_same_seed_makes_the_same_plan():
    people = ["ana", "ben", "cyd", "dan"]
    assert plan(7, people, 600, 5, 20) == plan(7, people, 600, 5, 20)
    assert plan(7, people, 600, 5, 20) != plan(8, people, 600, 5, 20)


def test_a_plan_is_over_in_time_and_stops_nobody_who_is_away():
    faults = plan(3, ["ana", "ben", "cyd"], 600, 3, 20)
    assert {fault.kind for fault in faults} == set(Kind) - {Kind.PART}
    assert max(fault.until for fault in faults) <= 600
    away: dict[str, float] = {}
    for fault in faults:
        if fault.kind in (Kind.STOP, Kind.KILL):
            assert all(away.get(one, 0.0) <= fault.at for one in fault.who)
            away |= dict.fromkeys(fault.who, fault.until)


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.LATE, Kind.STALL])
def test_a_line_is_calm_again_when_a_fault_is_over(kind):
    line, calm = Line(), Line()
    begin(kind, line)
    assert conditions(line) != conditions(calm)
    end(kind, line)
    assert conditions(line) == conditions(calm)


def conditions(line: Line) -> tuple[object, ...]:
    return line.rate, line.delay, line.is_stalled, line.is_parted
