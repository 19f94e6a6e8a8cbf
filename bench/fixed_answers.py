"""A DynamoDB that answers at once: what was put is given back as it came, everything else succeeds.

The local stand-in serves some 400 reads a second, so what is measured against it is its own speed.  This one knows no
conditions, no expiry and no queries: it is for measuring the application, never for testing it.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import BufferedReader

Kept = dict[tuple[str, str], dict[str, Any]]
Content = dict[str, Any]


def main(port: int) -> None:
    """Serve on a loopback port until the process is ended."""
    kept: Kept = {}
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=(connection, kept), daemon=True).start()


def _talk(connection: socket.socket, kept: Kept) -> None:
    with connection, connection.makefile("rb") as stream:
        while (request := _request(stream)) is not None:
            operation, content = request
            body = json.dumps(_answer(operation, content, kept), separators=(",", ":")).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)


def _request(stream: BufferedReader) -> tuple[str, Content] | None:
    """Read the operation and content of one request; None at the end of the connection."""
    operation, length = "", 0
    for line in stream:
        if line == b"\r\n":
            return operation, json.loads(stream.read(length) or b"{}")
        name, _, value = line.partition(b":")
        if name.lower() == b"x-amz-target":
            operation = value.strip().decode().rpartition(".")[2]
        elif name.lower() == b"content-length":
            length = int(value)
    return None


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
