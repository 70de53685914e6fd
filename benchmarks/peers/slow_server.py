"""A server on loopback that answers every request after a while with a model list, on as many ports as asked for.

python slow_server.py PORTS SECONDS; prints the ports as JSON and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys

BODY = json.dumps({"object": "list", "data": [{"id": "model-a", "object": "model"}]}).encode()
HEAD = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n".encode()


async def main(ports: int, seconds: float) -> None:
    """Serve until standard input ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(seconds)
                writer.write(HEAD + BODY)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(ports)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
