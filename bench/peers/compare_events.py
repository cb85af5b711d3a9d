"""Runs in the environment of the peers: nostr-sdk compares the events in a file with a relay, and fetches nothing.

python compare_events.py URL FILE RUNS
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import nostr_sdk as sdk

SETTLE = 0.5
"""Seconds in which a link comes up."""


async def main(url: str, lines: list[str], runs: int) -> None:
    """A line of JSON for each comparison."""
    sdk.uniffi_set_event_loop(asyncio.get_running_loop())
    events = [json.loads(line) for line in lines]
    items = [
        sdk.NegentropyItem(
            id=sdk.EventId.parse(event["id"]), timestamp=sdk.Timestamp.from_secs(event["created_at"])
        )
        for event in events
    ]
    for _ in range(runs):
        print(json.dumps(await _compare(url, items)), flush=True)


async def _compare(url: str, items: list) -> dict:
    client = sdk.ClientBuilder().relay_limits(sdk.RelayLimits.disable()).build()
    address = sdk.RelayUrl.parse(url)
    await client.add_relay(address)
    await client.connect()
    await asyncio.sleep(SETTLE)
    relay = await client.relay(address)
    before = relay.stats().bytes_sent(), relay.stats().bytes_received()
    how = sdk.SyncOptions().direction(sdk.SyncDirection.DOWN).dry_run()
    began = time.monotonic()
    found = await relay.sync(sdk.Filter(), items, how)
    seconds = time.monotonic() - began
    after = relay.stats().bytes_sent(), relay.stats().bytes_received()
    await client.shutdown()
    return {
        "seconds": seconds,
        "have": len(found.local),
        "need": len(found.remote),
        "bytes": [after[0] - before[0], after[1] - before[1]],
    }


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_text().splitlines(), int(sys.argv[3])))
