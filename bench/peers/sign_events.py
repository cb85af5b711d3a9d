"""Runs in the environment of the peers: signs as Nostr events what stands on stdin, a line of JSON each."""

import hashlib
import json
import sys

import coincurve


def main() -> None:
    """Read {author, created_at, tags, content}, write events."""
    secrets: dict[int, tuple[coincurve.PrivateKey, str]] = {}
    for line in sys.stdin:
        said = json.loads(line)
        author = said["author"]
        if author not in secrets:
            secret = coincurve.PrivateKey(hashlib.sha256(b"bench %d" % author).digest())
            secrets[author] = secret, coincurve.PublicKeyXOnly.from_secret(secret.secret).format().hex()
        print(json.dumps(_event(*secrets[author], said), separators=(",", ":"), ensure_ascii=False))


def _event(secret: coincurve.PrivateKey, public: str, said: dict) -> dict:
    named = [0, public, said["created_at"], 1, said["tags"], said["content"]]
    identifier = hashlib.sha256(
        json.dumps(named, separators=(",", ":"), ensure_ascii=False).encode()
    ).digest()
    return {
        "id": identifier.hex(),
        "pubkey": public,
        "created_at": said["created_at"],
        "kind": 1,
        "tags": said["tags"],
        "content": said["content"],
        "sig": secret.sign_schnorr(identifier).hex(),
    }


if __name__ == "__main__":
    main()
