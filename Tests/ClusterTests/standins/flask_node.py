"""A node of the earlier `/kv` system: raw bytes, numbered nodes, port 5000 (contract A).

Settings come from the environment: `MY_ID`, `MY_IP`, `ROOT_ID`, `ROOT_IP` (not at the root) and
`ZOO_SERVERS` (optional here: without it the tree is not recorded). It listens on `MY_IP` alone, so
that many nodes share one machine.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote

import flask
import requests
from kazoo.client import KazooClient  # type: ignore[import-untyped]

PORT = 5000
TIMEOUT_SECONDS = 10


@dataclass
class Tree:
    """The positions that the root hands out: heap indices in order of registration."""

    members: list[tuple[int, str]] = field(default_factory=list)

    def register(self, identity: int, address: str) -> dict[str, object]:
        ids = [member for member, _ in self.members]
        if identity not in ids:
            self.members.append((identity, address))
            ids.append(identity)
        slot = ids.index(identity) + 1
        parent_id, parent_ip = self.members[slot // 2 - 1]
        path = ""
        while slot >= 1:
            path = f"/{ids[slot - 1]}{path}"
            slot //= 2
        return {"parent_id": parent_id, "parent_ip": parent_ip, "zk_path": path}


class Node:
    """The values of this node and the way to its parent."""

    def __init__(self, parent_ip: str | None) -> None:
        self.parent_ip = parent_ip
        self.values: dict[str, bytes] = {}
        self.background: queue.Queue[tuple[str, str, bytes | None]] = queue.Queue()
        if parent_ip is not None:
            threading.Thread(target=self.drain, daemon=True).start()

    def drain(self) -> None:
        """Sends the writes that nobody waits for, in order, once each."""
        while True:
            method, key, body = self.background.get()
            try:
                self.ask_parent(method, key, body)
            except requests.RequestException as error:
                logging.warning("lost %s %s: %s", method, key, error)

    def ask_parent(self, method: str, key: str, body: bytes | None = None) -> requests.Response:
        url = f"http://{self.parent_ip}:{PORT}/kv/{quote(key, safe='')}"
        query = None if method == "GET" else {"wait_propagate": "0"}
        return requests.request(method, url, params=query, data=body, timeout=TIMEOUT_SECONDS)

    def propagate(self, method: str, key: str, body: bytes | None, wait: bool) -> None:
        if self.parent_ip is None:
            return
        if wait:
            self.ask_parent(method, key, body).raise_for_status()
        else:
            self.background.put((method, key, body))


def create_app(node: Node, tree: Tree | None) -> flask.Flask:
    app = flask.Flask(__name__)
    app.url_map.merge_slashes = False

    def wait_propagate() -> bool:
        return flask.request.args.get("wait_propagate", "1") != "0"

    @app.get("/kv/<path:key>")
    def get(key: str) -> flask.Response:
        if key not in node.values and node.parent_ip is not None:
            answer = node.ask_parent("GET", key)
            if answer.status_code == 200:
                node.values[key] = answer.content
        if key not in node.values:
            return flask.Response("key not found", status=404)
        return flask.Response(node.values[key], mimetype="application/octet-stream")

    @app.put("/kv/<path:key>")
    def put(key: str) -> flask.Response:
        body = flask.request.get_data()
        node.values[key] = body
        node.propagate("PUT", key, body, wait_propagate())
        return flask.Response(status=200)

    @app.delete("/kv/<path:key>")
    def delete(key: str) -> flask.Response:
        node.values.pop(key, None)
        node.propagate("DELETE", key, None, wait_propagate())
        return flask.Response(status=200)

    if tree is not None:

        @app.post("/clients/register")
        def register() -> flask.Response:
            arguments = flask.request.args
            return flask.jsonify(tree.register(int(arguments["id"]), arguments["ip"]))

    return app


def register(root_ip: str, identity: int, address: str) -> dict[str, str]:
    """Asks the root for a place until it answers."""
    url = f"http://{root_ip}:{PORT}/clients/register"
    while True:
        try:
            answer = requests.post(
                url, params={"id": str(identity), "ip": address}, timeout=TIMEOUT_SECONDS
            )
            answer.raise_for_status()
            place: dict[str, str] = answer.json()
            return place
        except requests.RequestException as error:
            logging.warning("the root does not answer yet: %s", error)
            time.sleep(0.2)


def record(servers: str, path: str, identity: int, address: str) -> KazooClient:
    """Writes this node's place into ZooKeeper."""
    client = KazooClient(hosts=servers)
    client.start()
    data = json.dumps({"ip": address, "id": identity}).encode()
    if client.exists(path):
        client.set(path, data)
    else:
        client.create(path, data, makepath=True)
    return client


def main() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    identity, address = int(os.environ["MY_ID"]), os.environ["MY_IP"]
    if identity == int(os.environ["ROOT_ID"]):
        node, tree, path = Node(None), Tree([(identity, address)]), f"/{identity}"
    else:
        place = register(os.environ["ROOT_IP"], identity, address)
        logging.info("registered: %s", json.dumps(place))
        node, tree, path = Node(place["parent_ip"]), None, place["zk_path"]
    if servers := os.environ.get("ZOO_SERVERS"):
        record(servers, path, identity, address)
    create_app(node, tree).run(host=address, port=PORT, threaded=True)


if __name__ == "__main__":
    main()
