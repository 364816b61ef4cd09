"""The command line of the simulated home: `python -m dobby.sim`."""

import argparse
import asyncio
import logging
import socket
import sys
import tempfile
from ipaddress import IPv4Network
from pathlib import Path

from .net import claim
from .run import Options, live


def main(arguments: list[str] | None = None) -> int:
    """Parse, claim a network, live; 1 when the network is taken, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m dobby.sim", description=__doc__)
    parser.add_argument("--network", type=IPv4Network, help="a 127.77.N.0/24; without it a free one is claimed")
    parser.add_argument("--claim-fd", type=int, help="the open claim of --network, made by the starting process")
    parser.add_argument("--state", type=Path, help="folder that keeps ids, keys, pairings and states between runs")
    parser.add_argument("--webhook", help="where the handset delivers messages, as Twilio does")
    parser.add_argument("--model", action="store_true", help="also stand in for the Anthropic Messages API")
    parser.add_argument("--no-cameras", dest="cameras", action="store_false", help="a home without cameras")
    parser.add_argument("--ready-json", action="store_true", help="print one line of JSON when all is up")
    parser.add_argument("--linger", type=float, default=600.0, help="seconds to stay when parent and visitors are gone")
    asked = parser.parse_args(arguments)
    if asked.claim_fd is not None and asked.network is None:
        parser.error("--claim-fd needs --network")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="sim: %(levelname)s %(name)s: %(message)s")
    try:
        claimed, network = _claimed(asked.claim_fd, asked.network)
    except OSError as error:
        sys.stderr.write(f"sim: no network: {error}\n")
        return 1
    with claimed, tempfile.TemporaryDirectory(prefix="dobby-sim-") as folder:
        options = Options(
            claimed, network, asked.state or Path(folder), asked.webhook, asked.model, asked.ready_json, asked.linger,
            asked.cameras,
        )
        try:
            asyncio.run(live(options))
        except OSError as error:
            sys.stderr.write(f"sim: cannot open the home: {error}\n")
            return 1
    return 0


def _claimed(fd: int | None, network: IPv4Network | None) -> tuple[socket.socket, IPv4Network]:
    if fd is not None and network is not None:
        return socket.socket(fileno=fd), network
    return claim(network)


if __name__ == "__main__":
    sys.exit(main())
