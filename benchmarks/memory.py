"""Memory of the app after many sessions: python -m benchmarks.memory [--sessions 500] [--questions 10].

Opens pages as a browser does, one after another: connects, sends the address, reads all messages of the run and leaves.
A browser asks each question once before, so that every session meets cached results. Prints the resident memory of the
process that serves all sessions, after every fifty of them.
"""

from __future__ import annotations

import argparse
import asyncio

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from benchmarks.serving import chromium, served
from benchmarks.sessions import QUERY, visit

PORT = 18513
EVERY = 50
MEBIBYTE = 2**20


async def open_page(address: str, question: int) -> int:
    """Open the page of a question, read its first run, and leave.

    Returns:
        The number of messages.

    Raises:
        RuntimeError: if the run shows an exception.
    """
    messages = 0
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=None) as socket:
        request = BackMsg()
        request.rerun_script.query_string = f"{QUERY[1:]}&data.seed={question}"
        await socket.send(request.SerializeToString())
        async for content in socket:
            message = ForwardMsg.FromString(content)
            messages += 1
            if message.delta.new_element.HasField("exception"):
                raise RuntimeError(message.delta.new_element.exception.message)
            if message.WhichOneof("type") == "script_finished":
                break
    return messages


def main() -> None:
    """Open pages, and print the memory of the app."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--questions", type=int, default=10)
    chosen = parser.parse_args()
    with served(PORT) as address:
        (app,) = psutil.Process().children()
        visit(chromium(), address, chosen.questions, chosen.questions, longest=300)
        print(f"{_mebibytes(app):6.0f} MiB after {chosen.questions} sessions of a browser", flush=True)
        for number in range(chosen.sessions):
            messages = asyncio.run(open_page(address, number % chosen.questions))
            if (number + 1) % EVERY == 0:
                print(f"{_mebibytes(app):6.0f} MiB after {number + 1} more sessions ({messages} messages)", flush=True)


def _mebibytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MEBIBYTE


if __name__ == "__main__":
    main()
