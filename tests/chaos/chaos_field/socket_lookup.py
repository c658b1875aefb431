"""One socket, asked of the kernel by sock_diag(7): `/proc/net/tcp` lists all of the machine, which takes too long."""

import socket
import struct

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_ANY_STATE = 0xFFFFFFFF
_NO_COOKIE = b"\xff" * 8
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST = struct.Struct("=BBBxI")  # struct inet_diag_req_v2 before its id
_SOCKET_ID = struct.Struct("!HH16s16s")  # struct inet_diag_sockid before interface and cookie
_ANSWER_BYTES = 8192
_INODE_AT = _HEADER.size + 4 + 48 + 16  # struct inet_diag_msg: state, id, expires, rqueue, wqueue, uid, inode
_LOOPBACK = socket.inet_aton("127.0.0.1").ljust(16, b"\0")


def inode_of(port: int, peer_port: int) -> int | None:
    """The inode of the socket on 127.0.0.1:`port` that is connected to 127.0.0.1:`peer_port`; None when it is gone."""
    own = _SOCKET_ID.pack(port, peer_port, _LOOPBACK, _LOOPBACK) + struct.pack("=I", 0) + _NO_COOKIE
    body = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ANY_STATE) + own
    header = _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(header + body)
        answer = kernel.recv(_ANSWER_BYTES)
    if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
        return None
    found: int = struct.unpack_from("=I", answer, _INODE_AT)[0]
    return found or None
