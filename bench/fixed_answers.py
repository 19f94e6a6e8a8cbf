"""A DynamoDB that answers at once: what was put is given back as it came, everything else succeeds.

The local stand-in serves some 400 reads a second, so what is measured against it is its own speed.  This one knows no
conditions, no expiry and no queries: it is for measuring the application, never for testing it.  It shares the
machine with what is measured, so a question that it has answered since the last write is not read again.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from typing import Any

Kept = dict[tuple[str, str], dict[str, Any]]
Content = dict[str, Any]


_TARGET = re.compile(rb"\r\nx-amz-target: *\w+\.(\w+)\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_READS = frozenset({"GetItem", "BatchGetItem"})
_ENOUGH = 65536


def main(port: int) -> None:
    """Serve on a loopback port until the process is ended."""
    kept: Kept = {}
    said: dict[bytes, bytes] = {}
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=(connection, kept, said), daemon=True).start()


def _talk(connection: socket.socket, kept: Kept, said: dict[bytes, bytes]) -> None:
    with connection:
        received = b""
        while received := received or connection.recv(_ENOUGH):
            end = received.find(b"\r\n\r\n") + 4
            head = received[:end]
            length, target = _LENGTH.search(head), _TARGET.search(head)
            if end < 4 or length is None or target is None or len(received) < end + int(length[1]):
                if not (more := connection.recv(_ENOUGH)):
                    return
                received += more
                continue
            body, received = received[end : end + int(length[1])], received[end + int(length[1]) :]
            answer = said.get(body)
            if answer is None:
                answer = _answered(target[1].decode(), body, kept, said)
            connection.sendall(answer)


def _answered(operation: str, body: bytes, kept: Kept, said: dict[bytes, bytes]) -> bytes:
    if operation not in _READS:
        said.clear()
    content = json.dumps(_answer(operation, json.loads(body or b"{}"), kept), separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(content)}\r\n\r\n"
    answer = head.encode() + content
    if operation in _READS:
        said[body] = answer
    return answer


def _answer(operation: str, content: Content, kept: Kept) -> Content:
    if operation == "PutItem":
        _keep(content["TableName"], content["Item"], kept)
    elif operation == "TransactWriteItems":
        for part in content["TransactItems"]:
            if "Put" in part:
                _keep(part["Put"]["TableName"], part["Put"]["Item"], kept)
    elif operation == "BatchGetItem":
        found = {
            table: [item for key in wanted["Keys"] if (item := kept.get((table, _name(key)))) is not None]
            for table, wanted in content["RequestItems"].items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}
    elif operation == "GetItem":
        item = kept.get((content["TableName"], _name(content["Key"])))
        return {} if item is None else {"Item": item}
    elif operation == "BatchWriteItem":
        return {"UnprocessedItems": {}}
    return {"Attributes": {}}


def _keep(table: str, item: Content, kept: Kept) -> None:
    kept[table, _name(item)] = item


def _name(item: Content) -> str:
    """The key among the attributes; the tables that a session needs have `account` and `sk`, or `pk` and `sk`."""
    return "|".join(next(iter(item[part].values())) for part in ("account", "pk", "sk") if part in item)


if __name__ == "__main__":
    main(int(sys.argv[1]))
