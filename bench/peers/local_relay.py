"""Runs in the environment of the peers: nostr-sdk's relay in memory, on a port of this computer.

Its limits are out of the way, so that it is measured and not its caution.
"""

import asyncio
import sys

import nostr_sdk

PLENTY = 1_000_000_000
LONG = 86_400.0


async def main(port: int) -> None:
    """Serve for a day."""
    nostr_sdk.uniffi_set_event_loop(asyncio.get_running_loop())
    rate = nostr_sdk.RateLimit(max_reqs=1_000, notes_per_minute=PLENTY)
    wish = nostr_sdk.LocalRelayBuilder().addr("127.0.0.1").port(port).rate_limit(rate)
    relay = wish.max_filter_limit(500_000).default_filter_limit(200_000).build()
    await relay.run()
    await asyncio.sleep(LONG)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
