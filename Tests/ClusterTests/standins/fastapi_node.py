"""A node of the earlier `/store` system: JSON values, named nodes (contract B).

Settings come from the environment: `node_name`, `node_address`, `root_node`, `n_nodes`, `api_port`,
`startup_delay`, `debug` and `zookeeper` (optional here: without it the tree is not recorded). It
listens on `node_address` alone, so that many nodes share one machine; it reaches others by name.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import fastapi
import httpx
import uvicorn
from kazoo.client import KazooClient  # type: ignore[import-untyped]
from pydantic import BaseModel

TIMEOUT_SECONDS = 10


class Item(BaseModel):
    value: Any
    wait_for_parent: bool = True


class Settings:
    """The earlier system's variables."""

    def __init__(self) -> None:
        self.name = os.environ["node_name"].upper()
        self.address = os.environ["node_address"]
        self.root = os.environ["root_node"].upper()
        self.count = int(os.environ.get("n_nodes", "7"))
        self.port = int(os.environ.get("api_port", "5000"))
        self.delay_seconds = float(os.environ.get("startup_delay", "0"))
        self.zookeeper = os.environ.get("zookeeper")
        self.is_root = self.name == self.root


class Tree:
    """The places that the root hands out, in heap order."""

    def __init__(self, root: str, count: int) -> None:
        self.names: list[str | None] = [root] + [None] * (count - 1)

    def parent_path(self, name: str) -> str:
        """The path of the node's parent; the node gets a place if it has none."""
        if name not in self.names:
            if None not in self.names:
                raise fastapi.HTTPException(409, "the tree is full")
            self.names[self.names.index(None)] = name
        slot = (self.names.index(name) + 1) // 2
        path = ""
        while slot >= 1:
            path = f"/{self.names[slot - 1]}{path}"
            slot //= 2
        return path


class Node:
    """The values of this node and the way to its parent."""

    def __init__(self, parent_url: str | None) -> None:
        self.parent_url = parent_url
        self.values: dict[str, Any] = {}
        self.client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        self.background: asyncio.Queue[tuple[str, str, Any]] = asyncio.Queue()

    async def drain(self) -> None:
        """Sends the writes that nobody waits for, in order, once each."""
        while True:
            method, key, value = await self.background.get()
            try:
                await self.ask_parent(method, key, value)
            except fastapi.HTTPException as error:
                logging.warning("lost %s %s: %s", method, key, error.detail)

    async def ask_parent(self, method: str, key: str, value: Any = None) -> httpx.Response:
        url = f"{self.parent_url}/store/{quote(key, safe='')}"
        body = {"value": value, "wait_for_parent": False} if method == "PUT" else None
        query = {"wait_for_parent": "false"} if method == "DELETE" else None
        try:
            return await self.client.request(method, url, json=body, params=query)
        except httpx.HTTPError as error:
            raise fastapi.HTTPException(503, f"the parent can't be asked: {error}") from error

    async def propagate(self, method: str, key: str, value: Any, wait: bool) -> None:
        if self.parent_url is None:
            return
        if not wait:
            self.background.put_nowait((method, key, value))
        elif (await self.ask_parent(method, key, value)).status_code != 200:
            raise fastapi.HTTPException(503, "the parent refused")


def create_app(settings: Settings, node: Node, tree: Tree | None) -> fastapi.FastAPI:
    @asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(node.drain())
        yield
        task.cancel()

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/")
    async def alive() -> dict[str, str]:
        return {"status": "alive", "node": settings.name, "address": settings.address}

    @app.get("/store")
    async def everything() -> dict[str, Any]:
        return node.values

    @app.get("/store/{key:path}")
    async def get(key: str) -> dict[str, Any]:
        if key not in node.values and node.parent_url is not None:
            answer = await node.ask_parent("GET", key)
            if answer.status_code == 200:
                node.values[key] = answer.json()["value"]
        if key not in node.values:
            raise fastapi.HTTPException(404, "Key not found")
        return {"value": node.values[key]}

    @app.put("/store/{key:path}")
    async def put(key: str, item: Item) -> dict[str, Any]:
        node.values[key] = item.value
        await node.propagate("PUT", key, item.value, item.wait_for_parent)
        return {"key": key, "value": item.value}

    @app.delete("/store/{key:path}")
    async def delete(key: str, wait_for_parent: bool = True) -> dict[str, str]:
        node.values.pop(key, None)
        await node.propagate("DELETE", key, None, wait_for_parent)
        return {"key": key}

    if tree is not None:

        @app.get("/nodes/parent/{name}")
        async def parent(name: str) -> dict[str, str]:
            return {"path": tree.parent_path(name.upper())}

        @app.get("/nodes/structure")
        async def structure() -> dict[str, list[str | None]]:
            return {"binary_tree_array": tree.names}

    return app


def find_parent(settings: Settings) -> str:
    """Asks the root for this node's parent until it answers; returns the parent's path."""
    url = f"http://{settings.root}:{settings.port}/nodes/parent/{settings.name}"
    while True:
        try:
            answer = httpx.get(url, timeout=TIMEOUT_SECONDS).raise_for_status()
            return str(answer.json()["path"])
        except httpx.HTTPError as error:
            logging.warning("the root does not answer yet: %s", error)
            time.sleep(0.2)


def record(servers: str, parent_path: str, settings: Settings) -> KazooClient:
    """Writes this node into ZooKeeper, once its parent's znode is there."""
    client = KazooClient(hosts=servers)
    client.start()
    while parent_path and not client.exists(parent_path):
        time.sleep(0.2)
    path = f"{parent_path}/{settings.name}"
    if not client.exists(path):
        client.create(path, json.dumps({"address": settings.address}).encode())
    return client


def main() -> None:
    settings = Settings()
    level = logging.DEBUG if os.environ.get("debug", "").lower() == "true" else logging.INFO
    logging.basicConfig(level=level, stream=sys.stderr)
    time.sleep(settings.delay_seconds)
    parent_path, parent_url, tree = "", None, None
    if settings.is_root:
        tree = Tree(settings.name, settings.count)
    else:
        parent_path = find_parent(settings)
        logging.info("registered below %s", parent_path)
        parent_url = f"http://{parent_path.rsplit('/', 1)[1]}:{settings.port}"
    if settings.zookeeper:
        record(settings.zookeeper, parent_path, settings)
    app = create_app(settings, Node(parent_url), tree)
    uvicorn.run(app, host=settings.address, port=settings.port, log_config=None)


if __name__ == "__main__":
    main()
