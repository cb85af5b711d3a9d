"""Ends with 0 where a multicast on the loopback interface comes back: a program that a test asks before it runs."""

import socket
import struct
import sys

GROUP, PORT = "224.0.0.251", 5399

with (
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearer,
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller,
):
    hearer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hearer.bind(("", PORT))
    member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
    hearer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    hearer.settimeout(5)
    teller.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    teller.sendto(b"x", (GROUP, PORT))
    sys.exit(hearer.recv(1) != b"x")
