"""The floor under any client: so many connections, each asks its next prompt when it has its answer; nothing is judged.

`python -m benchmarks.bare_client PORT CALLS AT_ONCE` prints how many answers repeated their prompt.
"""

import asyncio
import json
import sys
from collections.abc import Iterator


async def _ask(port: int, numbers: Iterator[int]) -> int:
    reading, writing = await asyncio.open_connection("127.0.0.1", port)
    right = 0
    # One iterator for all: whoever is free takes the next.
    for number in numbers:
        prompt = f"What is the number {number}?"
        body = json.dumps({"model": "bench/echo", "messages": [{"role": "user", "content": prompt}]}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        writing.write(head.encode() + body)
        told = (await reading.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(told.partition("content-length:")[2].split("\r\n")[0])
        answer = json.loads(await reading.readexactly(length))
        right += answer["choices"][0]["message"]["content"] == prompt
    writing.close()
    return right


async def _all(port: int, calls: int, at_once: int) -> int:
    numbers = iter(range(calls))
    return sum(await asyncio.gather(*(_ask(port, numbers) for _ in range(at_once))))


if __name__ == "__main__":
    print(asyncio.run(_all(*map(int, sys.argv[1:]))))
