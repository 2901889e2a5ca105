"""Ids and seeded chance. Entropy is a parameter, so that tests can fix it."""

import base64
import hashlib
import os
import random
import uuid
from collections.abc import Callable
from typing import TypeAlias

Entropy: TypeAlias = Callable[[int], bytes]
"""Gives that many random bytes."""

Chance: TypeAlias = random.Random
"""A generator of chance, named so that layers which must not reach for chance can speak of it."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in lower case
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]


def new_run_id(now: int, entropy: Entropy = os.urandom) -> str:
    """A new run id at `now` (microseconds) such as `run_01k9x5cq9q6v3m8y2t4w7r0d1e`; ids made later sort later.

    48 bits of milliseconds and 80 random bits, as in the ULID specification.
    """
    return "run_" + _base32(((now // 1000) << 80) | int.from_bytes(entropy(10)), 26)


def new_worker_id(entropy: Entropy = os.urandom) -> str:
    """A new worker id with 60 random bits, such as `worker_9q6v3m8y2t4w`."""
    return "worker_" + _base32(int.from_bytes(entropy(8)) >> 4, 12)


def child_run_id(parent_id: str, ref: str) -> str:
    """The id of the child that run `parent_id` starts at `ref`: the same each time it is asked."""
    digest = hashlib.blake2b(f"{parent_id}\0{ref}".encode(), digest_size=17).digest()
    return "run_" + _base32(int.from_bytes(digest) >> 6, 26)


def seeded_random(seed: str) -> random.Random:
    """A generator whose values depend on `seed` alone, in every process."""
    return random.Random(seed)  # noqa: S311 - deterministic on purpose, no secret comes from it


def seeded_uuid4(chance: random.Random) -> uuid.UUID:
    """A version 4 UUID drawn from `chance`."""
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def digest(payload: bytes) -> str:
    """A short fingerprint of a payload: 64 bits of BLAKE2b in hexadecimal."""
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


def new_secret(entropy: Entropy = os.urandom) -> str:
    """A new secret of a run, from which the tokens of its hooks are derived: 128 random bits."""
    return base64.urlsafe_b64encode(entropy(16)).rstrip(b"=").decode()


def new_key(entropy: Entropy = os.urandom) -> str:
    """What tells a request from others that ask for the same: 72 random bits."""
    return base64.urlsafe_b64encode(entropy(9)).decode()


def hook_token(secret: str, ref: str) -> str:
    """The token of the hook that a run opens at `ref`: the same each time it is asked, and of no use to
    find the secret or another token. 144 bits, URL-safe."""
    key = hashlib.blake2b(ref.encode(), key=secret.encode(), digest_size=18).digest()
    return base64.urlsafe_b64encode(key).decode()


def _base32(number: int, length: int) -> str:
    """The last `length` digits, an even number of them."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * length - 10, -1, -10)])


def key_run_id(key: str) -> str:
    """The run id that an idempotency key stands for: the same key, the same run."""
    digest = hashlib.blake2b(f"key\0{key}".encode(), digest_size=17).digest()
    return "run_" + _base32(int.from_bytes(digest) >> 6, 26)
