#!/usr/bin/env python3
"""A second verifier of Cairn's directory: written from docs/spec/directory.md and C2SP's texts alone.

    verify.py vectors FOLDER             the published vectors (tests/vectors/directory)
    verify.py stream                     epochs, chains and look-ups with another verifier's verdicts, on standard input
    verify.py tiles URL|FOLDER VKEY      a log as it is served, replayed from epoch 0 (--policy FILE, --state FILE,
                                         --plain: a log of any entries, without audits)

It needs Python 3.10 and nothing else. Each item is accepted, or refused by a rule that has a name: "audit 5" is rule 5
of s.5, "condition 3" one of s.6, "chain 4" one of s.2. Slow, and its arithmetic takes a time that shows what it
computes: it handles public values alone.
"""
from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import hmac
import json
import pathlib
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

ZERO = bytes(32)
DAY_MS, FIVE_MINUTES_MS = 86_400_000, 300_000
MIN_DELAY_S, MAX_DELAY_S = 259_200, 5_184_000


class Refused(Exception):
    """The rule that does not hold, and what is the matter."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


class RefusedForNow(Refused):
    """Of an epoch that would not hold whatever came before it: an auditor asks for it again, and forgets nothing."""


def need(holds: bool, rule: str, why: str, refused: type[Refused] = Refused) -> None:
    if not holds:
        raise refused(rule, why)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def sha512(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).digest()


# ---------------------------------------------------------------------------------------------------------------------
# edwards25519 (RFC 8032 s.5.1), in extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p: Point) -> Point:
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = c + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(p: Point) -> Point:
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def multiply_two(a: int, p: Point, b: int, q: Point) -> Point:
    """a*p + b*q."""
    both, out = add(p, q), IDENTITY
    for i in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        out = double(out)
        first, second = (a >> i) & 1, (b >> i) & 1
        if first or second:
            out = add(out, both if first and second else p if first else q)
    return out


def multiply(a: int, p: Point) -> Point:
    return multiply_two(a, p, 0, IDENTITY)


def decode_point(data: bytes) -> Point | None:
    """RFC 8032 s.5.1.3: None for what is on no curve or not the canonical encoding."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 % P * pow(u * v**7 % P, (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_M1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def encode_point(p: Point) -> bytes:
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small(p: Point) -> bool:
    return same(double(double(double(p))), IDENTITY)


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert BASE is not None


def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 s.5.1.7, strict: canonical encodings, no key and no R of small order, no cofactor, a reduced hash."""
    a, r, s = decode_point(key), decode_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or len(signature) != 64 or s >= L or is_small(a) or is_small(r):
        return False
    k = int.from_bytes(sha512(signature[:32], key, message), "little") % L
    return same(multiply_two(s, BASE, k, negate(a)), r)


def verify_labelled(key: bytes, label: str, content: bytes, signature: bytes) -> bool:
    return ed25519_verify(key, b"cairn/v1 " + label.encode() + b"\0" + content, signature)


def has_prime_order(p: Point) -> bool:
    return not is_small(p) and same(multiply(L, p), IDENTITY)


def vrf_key_is_valid(key: bytes) -> bool:
    point = decode_point(key)
    return point is not None and has_prime_order(point)


def vrf_verify(key: bytes, alpha: bytes, proof: bytes) -> bytes | None:
    """ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 s.5.3): the output, or None."""
    y, gamma = decode_point(key), decode_point(proof[:32])
    c, s = int.from_bytes(proof[32:48], "little"), int.from_bytes(proof[48:], "little")
    if len(proof) != 80 or y is None or gamma is None or s >= L or not has_prime_order(y) or not has_prime_order(gamma):
        return None
    h = encode_to_curve(key, alpha)
    u = multiply_two(s, BASE, c, negate(y))
    v = multiply_two(s, h, c, negate(gamma))
    points = b"".join(encode_point(p) for p in (y, h, gamma, u, v))
    if sha512(b"\x03\x02", points, b"\0")[:16] != proof[32:48]:
        return None
    return sha512(b"\x03\x03", encode_point(double(double(double(gamma)))), b"\0")


def encode_to_curve(key: bytes, alpha: bytes) -> Point:
    """s.5.4.1.1, try and increment."""
    for counter in range(256):
        point = decode_point(sha512(b"\x03\x01", key, alpha, bytes([counter]), b"\0")[:32])
        if point is not None and not is_small(point):
            return double(double(double(point)))
    raise Refused("condition 5", "the name has no point")


# ---------------------------------------------------------------------------------------------------------------------
# The TLS presentation language (RFC 8446 s.3, RFC 9420 s.2.1): one encoding per value.


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def raw(self, size: int) -> bytes:
        need(self.at + size <= len(self.data), "format", "ends too soon")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.raw(size), "big")

    def opaque(self, most: int) -> bytes:
        first = self.number(1)
        size = 1 << (first >> 6)
        need(size < 8, "format", "a length of eight bytes")
        length = int.from_bytes(bytes([first & 63]) + self.raw(size - 1), "big")
        need(size == 1 or length >= (1 << (8 * size // 2 - 2)), "format", "a length that is not the shortest")
        need(length <= most, "format", "too long")
        return self.raw(length)

    def many(self, read: Callable[[Reader], Any], most_bytes: int, most: int) -> list[Any]:
        inner, out = Reader(self.opaque(most_bytes)), []
        while not inner.done():
            need(len(out) < most, "format", "too many")
            out.append(read(inner))
        return out

    def optional(self, read: Callable[[Reader], Any]) -> Any:
        present = self.number(1)
        need(present < 2, "format", "neither absent nor present")
        return read(self) if present else None

    def done(self) -> bool:
        return self.at == len(self.data)


def decode(read: Callable[[Reader], Any], data: bytes) -> Any:
    reader = Reader(data)
    out = read(reader)
    need(reader.done(), "format", "trailing bytes")
    return out


def vector(data: bytes) -> bytes:
    """opaque data<V>."""
    for size, bits in ((1, 6), (2, 14), (4, 30)):
        if len(data) < 1 << bits:
            return (len(data) | (size.bit_length() - 1) << bits).to_bytes(size, "big") + data
    raise ValueError("too long for a vector")


def read_hash(reader: Reader) -> bytes:
    return reader.raw(32)


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


# ---------------------------------------------------------------------------------------------------------------------
# s.1: names. s.2: statements and chains.


def is_domain(text: str) -> bool:
    labels = text.split(".")
    good = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label, re.ASCII) for label in labels)
    return text == "localhost" or (good and len(labels) >= 2 and len(text) <= 253 and not labels[-1].isdigit())


def check_name(name: bytes) -> str:
    need(all(byte < 128 for byte in name), "name", "not ASCII")
    local, at, domain = name.decode("ascii").partition("@")
    need(at == "@" and re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?", local) is not None, "name", "local part")
    need(is_domain(domain), "name", "domain")
    return name.decode("ascii")


def typed_name(text: str) -> str:
    """What people type."""
    trimmed = text.strip(" \t\n\v\f\r")
    return check_name("".join(c.lower() if c < "\x80" else c for c in trimmed).encode("utf-8"))


def read_name(reader: Reader) -> str:
    try:
        return check_name(reader.opaque(318))
    except Refused as refused:
        raise Refused("format", str(refused)) from None


class Device(NamedTuple):
    key: bytes
    mailbox: bytes
    suites: tuple[int, ...]

    def id(self) -> bytes:
        return sha256(b"cairn/v1 device\0", self.key)[:16]


def read_device(reader: Reader) -> Device:
    key, mailbox, suites = reader.raw(32), reader.raw(16), reader.many(lambda r: r.number(2), 32, 16)
    need(1 <= len(suites) == len(set(suites)), "format", "suites")
    return Device(key, mailbox, tuple(suites))


def recovery_commitment(sign_key: bytes, kem_hash: bytes) -> bytes:
    return sha256(b"cairn/v1 recovery\0", sign_key, kem_hash)


GENESIS, ADD, REMOVE, REPLACE, REQUEST, VETO, COMPLETE, DELAY = range(1, 9)
BY_DEVICE, BY_RECOVERY, BY_NEW = 1, 2, 3
SIGNERS = {
    GENESIS: [[BY_NEW]], ADD: [[BY_DEVICE, BY_NEW], [BY_RECOVERY, BY_NEW]], REMOVE: [[BY_DEVICE], [BY_RECOVERY]],
    REPLACE: [[BY_RECOVERY]], REQUEST: [[BY_NEW]], VETO: [[BY_DEVICE], [BY_RECOVERY]], COMPLETE: [[BY_NEW]],
    DELAY: [[BY_RECOVERY]],
}  # fmt: skip


class Signer(NamedTuple):
    kind: int
    key: bytes
    kem_hash: bytes
    signature: bytes


@dataclass
class Statement:
    name: str
    sequence: int
    previous: bytes
    next_recovery: bytes | None
    type: int
    device: Device | None = None
    commitment_to: bytes = b""
    delay: int = 0
    device_id: bytes = b""
    request: int = 0
    signers: list[Signer] = field(default_factory=list)
    content: bytes = b""
    data: bytes = b""

    def commitment(self) -> bytes:
        return sha256(b"\x04", self.data)


def read_signer(reader: Reader) -> Signer:
    kind, key, kem_hash, signature = reader.number(1), reader.raw(32), reader.opaque(32), reader.raw(64)
    need(1 <= kind <= 3, "format", "kind of signer")
    need(len(kem_hash) == (32 if kind == BY_RECOVERY else 0), "format", "kem_hash")
    return Signer(kind, key, kem_hash, signature)


def read_body(reader: Reader, out: Statement) -> None:
    if out.type in (GENESIS, ADD, REQUEST):
        out.device = read_device(reader)
    if out.type in (GENESIS, REQUEST):
        out.commitment_to = reader.raw(32)
    if out.type in (GENESIS, REQUEST, DELAY):
        out.delay = reader.number(4)
    if out.type == REMOVE:
        out.device_id = reader.raw(16)
    if out.type == COMPLETE:
        out.request = reader.number(4)


def read_statement(reader: Reader) -> Statement:
    start = reader.at
    need(reader.number(1) == 1, "format", "version of a statement")
    name, sequence, previous = read_name(reader), reader.number(4), reader.raw(32)
    reader.raw(8 + 16)
    out = Statement(name, sequence, previous, reader.optional(read_hash), reader.number(1))
    need(GENESIS <= out.type <= DELAY, "format", "type of a statement")
    read_body(reader, out)
    out.content = reader.data[start : reader.at]
    out.signers = reader.many(read_signer, 16_384, 2)
    out.data = reader.data[start : reader.at]
    kinds = [signer.kind for signer in out.signers]
    need(len(out.data) <= 16_384, "format", "a statement of more than 16 KiB")
    need(kinds in SIGNERS[out.type], "format", "signers of a statement")
    need((out.next_recovery is not None) == (BY_RECOVERY in kinds), "format", "next_recovery")
    return out


class Open(NamedTuple):
    sequence: int
    device: Device
    commitment: bytes
    delay: int


class Chain:
    """What the statements of one name amount to."""

    def __init__(self, name: str) -> None:
        self.name, self.count, self.head = name, 0, ZERO
        self.active: dict[bytes, Device] = {}
        self.ever: set[bytes] = set()
        self.removed: set[bytes] = set()  # keys that hold the veto though their device is removed
        self.recovery, self.spent, self.delay = ZERO, set[bytes](), 0
        self.open: Open | None = None
        self.completed = 0

    def veto_keys(self) -> list[bytes]:
        return sorted({device.key for device in self.active.values()} | self.removed)

    def summary(self) -> bytes:
        """All that decides what may follow, for comparing."""
        state = self.head + self.recovery + u32(self.delay) + bytes([self.open is not None])
        return sha256(state, *sorted(self.active), *self.veto_keys())

    def apply(self, statement: Statement) -> Chain:
        """The chain with it."""
        need(statement.name == self.name, "chain name", "of another name")
        need(statement.sequence == self.count, "chain sequence", "not the next one")
        need(statement.previous == self.head, "chain previous", "does not extend the head")
        need((statement.type == GENESIS) == (self.count == 0), "chain 1", "genesis")
        out = copy.copy(self)
        out.active, out.ever = dict(self.active), set(self.ever)
        out.removed, out.spent = set(self.removed), set(self.spent)
        out._check_place(statement)
        out._check_signers(statement)
        out._change(statement)
        out.count, out.head = self.count + 1, sha256(b"\x05", self.head, statement.commitment())
        return out

    def _check_place(self, s: Statement) -> None:
        need((self.open is not None) == (s.type in (VETO, COMPLETE)), "chain 6", "a reset is open, or none is")
        need(self.count < 4096 and (s.type != REQUEST or self.count < 4095), "chain 7", "the chain is full")
        reserved = s.type in (REQUEST, VETO, COMPLETE) or s.signers[0].kind == BY_RECOVERY
        need(self.count < 3584 or reserved, "chain 7", "reserved for recovery and resets")

    def _check_signers(self, s: Statement) -> None:
        for signer in s.signers:
            content = s.content + bytes([signer.kind]) + signer.key + vector(signer.kem_hash)
            need(self._may_sign(s, signer), "chain signers", "the signer may not")
            good = verify_labelled(signer.key, "statement", content, signer.signature)
            need(good, "chain signature", "does not verify")

    def _may_sign(self, s: Statement, signer: Signer) -> bool:
        if signer.kind == BY_RECOVERY:
            return recovery_commitment(signer.key, signer.kem_hash) == self.recovery
        if signer.kind == BY_DEVICE:
            active = {device.key for device in self.active.values()}
            return signer.key in (active | self.removed if s.type == VETO else active)
        device = self.open.device if s.type == COMPLETE and self.open else s.device
        return device is not None and signer.key == device.key

    def _change(self, s: Statement) -> None:
        if s.signers[0].kind == BY_RECOVERY:
            assert s.next_recovery is not None
            self._commit_to(s.next_recovery)
            self.removed = set()
        {GENESIS: self._genesis, ADD: self._add, REMOVE: self._remove, REPLACE: lambda _: None, REQUEST: self._request,
         VETO: self._close, COMPLETE: self._complete, DELAY: self._set_delay}[s.type](s)  # fmt: skip

    def _commit_to(self, commitment: bytes) -> None:
        need(commitment not in self.spent and commitment != self.recovery, "chain recovery", "a spent commitment")
        self.spent.add(self.recovery)
        self.recovery = commitment

    def _set_delay(self, s: Statement) -> None:
        need(s.delay == 0 or MIN_DELAY_S <= s.delay <= MAX_DELAY_S, "chain 2", "the delay")
        self.delay = s.delay

    def _genesis(self, s: Statement) -> None:
        self._set_delay(s)
        self.recovery = s.commitment_to
        self._add(s)

    def _add(self, s: Statement) -> None:
        assert s.device is not None
        need(s.device.id() not in self.ever, "chain 4", "the device was here before")
        self.active[s.device.id()] = s.device
        self.ever.add(s.device.id())
        need(len(self.active) <= 32 and len(self.veto_keys()) <= 64, "chain 3", "too many devices")
        mailboxes = {device.mailbox for device in self.active.values()}
        need(len(mailboxes) == len(self.active), "chain 3", "two devices share a mailbox")

    def _remove(self, s: Statement) -> None:
        by_device = s.signers[0].kind == BY_DEVICE
        need(s.device_id in self.active, "chain 5", "no such active device")
        need(len(self.active) > 1 or not by_device, "chain 5", "the last device")
        key = self.active.pop(s.device_id).key
        if by_device:
            self.removed.add(key)

    def _request(self, s: Statement) -> None:
        assert s.device is not None
        need(self.delay != 0, "chain 2", "resets are off")
        need(s.delay == 0 or MIN_DELAY_S <= s.delay <= MAX_DELAY_S, "chain 2", "the delay")
        device_id = s.device.id()
        need(device_id in self.active or device_id not in self.ever, "chain 4", "the device was here before")
        need(s.commitment_to not in self.spent | {self.recovery}, "chain recovery", "a spent commitment")
        self.ever.add(device_id)
        self.open = Open(s.sequence, s.device, s.commitment_to, s.delay)

    def _close(self, _: Statement) -> None:
        self.open = None

    def _complete(self, s: Statement) -> None:
        assert self.open is not None
        need(s.request == self.open.sequence, "chain 6", "another request")
        self._commit_to(self.open.commitment)
        self.active, self.removed, self.delay = {self.open.device.id(): self.open.device}, set(), self.open.delay
        self.completed += 1
        self.open = None


# ---------------------------------------------------------------------------------------------------------------------
# s.3: the map.


class Leaf(NamedTuple):
    count: int
    head: bytes
    pending: bytes
    resets: bytes

    def write(self) -> bytes:
        return u64(self.count) + self.head + self.pending + self.resets


NO_LEAF = Leaf(0, ZERO, ZERO, ZERO)
Placed = tuple[bytes, Leaf]  # a key and what stands there


def read_leaf(reader: Reader) -> Leaf:
    return Leaf(reader.number(8), reader.raw(32), reader.raw(32), reader.raw(32))


def leaf_hash(key: bytes, leaf: Leaf) -> bytes:
    return sha256(b"\x02", key, leaf.write())


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x03", left, right)


def bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def shares(a: bytes, b: bytes, bits: int) -> bool:
    return bits == 0 or int.from_bytes(a, "big") >> (256 - bits) == int.from_bytes(b, "big") >> (256 - bits)


def tree_of(leaves: list[Placed], depth: int) -> bytes:
    """The root of these leaves, which share `depth` bits."""
    if len(leaves) < 2:
        return leaf_hash(*leaves[0]) if leaves else ZERO
    need(depth < 255, "format", "a leaf deeper than 255")
    sides: tuple[list[Placed], list[Placed]] = ([], [])
    for placed in leaves:
        sides[bit(placed[0], depth)].append(placed)
    return node_hash(tree_of(sides[0], depth + 1), tree_of(sides[1], depth + 1))


class Tree:
    """The whole map, for who replays it; a changed tree shares what stayed with the old one."""

    def __init__(self, root: Any = None) -> None:
        self.root = root  # None, (hash, key, leaf) or (hash, (left, right))

    def hash(self) -> bytes:
        return self.root[0] if self.root else ZERO

    def find(self, key: bytes) -> Leaf | None:
        node, depth = self.root, 0
        while node and len(node) == 2:
            node, depth = node[1][bit(key, depth)], depth + 1
        return node[2] if node and node[1] == key else None

    def with_leaf(self, key: bytes, leaf: Leaf) -> Tree:
        return Tree(self._put(self.root, key, leaf, 0))

    def _put(self, node: Any, key: bytes, leaf: Leaf, depth: int) -> Any:
        if node is None or (len(node) == 3 and node[1] == key):
            return (leaf_hash(key, leaf), key, leaf)
        children = [None, None] if len(node) == 3 else list(node[1])
        if len(node) == 3:
            children[bit(node[1], depth)] = node
        side = bit(key, depth)
        children[side] = self._put(children[side], key, leaf, depth + 1)
        left, right = (child[0] if child else ZERO for child in children)
        return (node_hash(left, right), tuple(children))


class MapProof(NamedTuple):
    siblings: list[bytes]
    end: int
    key: bytes
    leaf: Leaf | None

    def verify(self, root: bytes, key: bytes) -> Leaf | None:
        """What the map with this root has at the key."""
        depth = len(self.siblings)
        value = ZERO if self.leaf is None else leaf_hash(key if self.end == 1 else self.key, self.leaf)
        if self.end == 2:
            need(self.key != key and shares(key, self.key, depth), "condition 5", "another leaf that is not in the way")
        for at in range(depth - 1, -1, -1):
            sibling = self.siblings[at]
            value = node_hash(sibling, value) if bit(key, at) else node_hash(value, sibling)
        need(value == root, "condition 5", "the map proof")
        return self.leaf if self.end == 1 else None


def read_map_proof(reader: Reader) -> MapProof:
    depth = reader.number(1)
    present = reader.raw((depth + 7) // 8)
    bits = [present[i >> 3] >> (7 - (i & 7)) & 1 for i in range(8 * len(present))]
    need(not any(bits[depth:]) and (depth == 0 or bits[depth - 1] == 1), "format", "bits of a map proof")
    siblings = [reader.raw(32) if one else ZERO for one in bits[:depth]]
    need(all(sibling != ZERO for sibling, one in zip(siblings, bits) if one), "format", "a sibling of zeros")
    end = reader.number(1)
    need(end <= 2, "format", "end of a map proof")
    key = reader.raw(32) if end == 2 else b""
    return MapProof(siblings, end, key, read_leaf(reader) if end else None)


class Change(NamedTuple):
    key: bytes
    old: Leaf | None
    new: Leaf


def roots_of(nodes: bytes, changes: list[Change]) -> tuple[bytes, bytes]:
    """What a TreeProof gives for sorted changes: the old root and the new one. Whatever is wrong in it is rule 4's."""
    reader = Reader(nodes)
    try:
        roots = walk(reader, changes, 0)
    except Refused as refused:
        raise Refused("audit 4", str(refused)) from None
    need(reader.done(), "audit 4", "nodes left over")
    return roots


def walk(reader: Reader, changes: list[Change], depth: int) -> tuple[bytes, bytes]:
    kind = reader.number(1)
    if not changes:
        need(kind <= 1, "audit 4", "nodes where nothing changes")
        same_hash = reader.raw(32) if kind else ZERO
        need((same_hash != ZERO) == (kind == 1), "audit 4", "a pruned node of zeros")
        return same_hash, same_hash
    if kind == 4:
        need(depth < 255, "audit 4", "too deep")
        old_left, new_left = walk(reader, [c for c in changes if not bit(c.key, depth)], depth + 1)
        old_right, new_right = walk(reader, [c for c in changes if bit(c.key, depth)], depth + 1)
        return node_hash(old_left, old_right), node_hash(new_left, new_right)
    need(kind in (0, 2, 3), "audit 4", "a node that does not belong here")
    there = [(c.key, c.old) for c in changes if c.old is not None]
    need(len(there) == (1 if kind == 2 else 0), "audit 4", "an old leaf that is not there")
    leaves = [(c.key, c.new) for c in changes]
    if kind == 3:
        other = (reader.raw(32), read_leaf(reader))
        need(all(other[0] != c.key for c in changes), "audit 4", "an old leaf that is kept silent")
        need(shares(other[0], changes[0].key, depth), "audit 4", "a leaf at another's place")
        there, leaves = [other], [*leaves, other]
    return (leaf_hash(*there[0]) if there else ZERO), tree_of(leaves, depth)


# ---------------------------------------------------------------------------------------------------------------------
# RFC 6962, and C2SP's signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.


def log_leaf(entry: bytes) -> bytes:
    return sha256(b"\0", entry)


def log_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


def log_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return log_node(log_root(leaves[:split]), log_root(leaves[split:]))


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 9162 s.2.1.3.2."""
    first, last, value = index, size - 1, leaf
    need(index < size, "condition 4", "beyond the log")
    for sibling in proof:
        need(last != 0, "condition 4", "an inclusion proof that is too long")
        if first & 1 or first == last:
            value = log_node(sibling, value)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            value = log_node(value, sibling)
        first, last = first >> 1, last >> 1
    need(last == 0, "condition 4", "an inclusion proof that is too short")
    return value


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    """RFC 9162 s.2.1.4.2."""
    rule = "condition 3"
    if old in (0, new):
        need(not proof and (old == 0 or old_root == new_root), rule, "not the same tree")
        return
    need(old < new, rule, "smaller than before")
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    need(bool(proof), rule, "no consistency proof")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    low = high = path[0]
    for value in path[1:]:
        need(last != 0, rule, "a consistency proof that is too long")
        if first & 1 or first == last:
            low, high = log_node(value, low), log_node(value, high)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            high = log_node(high, value)
        first, last = first >> 1, last >> 1
    need(last == 0 and low == old_root and high == new_root, rule, "the consistency proof")


Edge = list[tuple[int, bytes]]  # sizes and hashes of a tree's complete subtrees, from the left


def append(edge: Edge, size: int, value: bytes) -> None:
    edge.append((size, value))
    while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
        size, right = edge.pop()
        edge[-1] = (2 * size, log_node(edge[-1][1], right))


def edge_size(edge: Edge) -> int:
    return sum(size for size, _ in edge)


def edge_root(edge: Edge) -> bytes:
    if not edge:
        return sha256()
    out = edge[-1][1]
    for _, value in reversed(edge[:-1]):
        out = log_node(value, out)
    return out


def grown(edge: Edge, size: int, hashes: list[bytes], newest: bytes, rule: str) -> Edge:
    """s.6: the edge of a tree of this size that begins with that one and ends with the leaf `newest`."""
    out = list(edge)
    for value in hashes:
        at = edge_size(out)
        need(at < size - 1, rule, "growth by a hash too many")
        level = (size - 1 - at).bit_length() - 1
        append(out, 1 << (min(level, (at & -at).bit_length() - 1) if at else level), value)
    need(edge_size(out) == size - 1, rule, "growth by a hash too few")
    append(out, 1, newest)
    return out


class Key(NamedTuple):
    name: str
    type: int  # 1: a log's, 4: a cosigner's
    key: bytes

    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n", bytes([self.type]), self.key)[:4]


def base64_of(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("format", "base64") from None
    need(base64.b64encode(data).decode() == text, "format", "base64 that is not the one spelling")
    return data


def is_key_name(name: str) -> bool:
    return 0 < len(name.encode()) <= 259 and "+" not in name and not any(c.isspace() or c < " " for c in name)


def parse_vkey(text: str, types: tuple[int, ...]) -> Key:
    name, _, rest = text.partition("+")
    key_id, _, material = rest.partition("+")
    data = base64_of(material)
    need(is_key_name(name) and len(data) == 33 and data[0] in types, "format", "vkey")
    key = Key(name, data[0], data[1:])
    need(key.id().hex() == key_id, "format", "the id of a vkey")
    return key


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    text: bytes
    lines: list[tuple[str, bytes, bytes]]  # key name, key id, signature

    def signatures_of(self, key: Key) -> list[bytes]:
        return [signature for name, key_id, signature in self.lines if name == key.name and key_id == key.id()]


def parse_checkpoint(note: bytes, extensions: bool = False) -> Checkpoint:
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("format", "a note that is not UTF-8") from None
    need(not any(c < " " and c != "\n" for c in text), "format", "control characters in a note")
    body, blank, signatures = text.rpartition("\n\n")
    need(blank != "" and signatures.endswith("\n"), "format", "a note without signatures")
    lines = []
    need(len(note) <= 131_072 and signatures.count("\n") <= 64, "format", "size of a note")
    for line in signatures[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and is_key_name(parts[1]), "format", "a signature line")
        data = base64_of(parts[2])
        need(len(data) > 4, "format", "a signature line")
        lines.append((parts[1], data[:4], data[4:]))
    origin, *rest = body.split("\n")
    need(len(rest) == 2 or (extensions and len(rest) > 2 and all(rest)), "format", "lines of a checkpoint")
    need(origin != "" and re.fullmatch(r"0|[1-9][0-9]{0,19}", rest[0], re.ASCII) is not None, "format", "a checkpoint")
    size, root = int(rest[0]), base64_of(rest[1])
    need(size < 2**63 and len(root) == 32, "format", "size or root of a checkpoint")
    return Checkpoint(origin, size, root, (body + "\n").encode(), lines)


def check_log_signature(checkpoint: Checkpoint, key: Key, rule: str) -> None:
    signatures = checkpoint.signatures_of(key)
    need(bool(signatures), rule, "the log did not sign")
    need(all(ed25519_verify(key.key, checkpoint.text, s) for s in signatures), rule, "the log's signature")


def cosignature_time(checkpoint: Checkpoint, key: Key, signature: bytes, rule: str) -> int:
    need(len(signature) == 72, rule, "size of a cosignature")
    time_s = int.from_bytes(signature[:8], "big")
    message = b"cosignature/v1\ntime %d\n" % time_s + checkpoint.text
    need(1 <= time_s < 2**63, rule, "time of a cosignature")
    need(ed25519_verify(key.key, message, signature[8:]), rule, "a cosignature")
    return time_s


class Policy:
    """C2SP tlog-policy."""

    def __init__(self, text: str) -> None:
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum = ""
        need(len(text.encode()) <= 65_536 and text.endswith("\n"), "policy", "size, or no newline at the end")
        need(all(c in "\t\n" or c >= " " and c != "\x7f" for c in text), "policy", "control characters")
        for line in text.split("\n"):
            words = line.replace("\t", " ").split(" ")
            words = [word for word in words if word]
            if words and not words[0].startswith("#"):
                self._line(words)
        need(self.quorum != "", "policy", "no quorum")
        need(max(len(self.witnesses), len(self.groups)) <= 64, "policy", "too many witnesses or groups")

    def _line(self, words: list[str]) -> None:
        known = set(self.witnesses) | set(self.groups)
        if words[0] == "witness" and len(words) in (3, 4) and words[1] not in known | {"none"}:
            try:
                key = parse_vkey(words[2], (4,))
            except Refused as refused:
                raise Refused("policy", str(refused)) from None
            need(key.key not in [other.key for other in self.witnesses.values()], "policy", "a witness twice")
            self.witnesses[words[1]] = key
        elif words[0] == "group" and len(words) > 3 and words[1] not in known | {"none"}:
            members = words[3:]
            need(re.fullmatch("any|all|[1-9][0-9]{0,3}", words[2], re.ASCII) is not None, "policy", "number of a group")
            least = {"any": 1, "all": len(members)}.get(words[2]) or int(words[2])
            need(set(members) <= known and len(set(members)) == len(members), "policy", "members of a group")
            need(not any(set(members) & set(other) for _, other in self.groups.values()), "policy", "in two groups")
            need(1 <= least <= len(members), "policy", "number of a group")
            self.groups[words[1]] = (least, members)
        elif words[0] == "quorum" and len(words) == 2 and not self.quorum and words[1] in known:
            self.quorum = words[1]
        else:
            raise Refused("policy", words[0])

    def satisfied(self, signers: set[bytes]) -> bool:
        def holds(name: str) -> bool:
            if name in self.witnesses:
                return self.witnesses[name].key in signers
            least, members = self.groups[name]
            return sum(map(holds, members)) >= least

        return holds(self.quorum)

    def check_client(self) -> None:
        """s.6, condition 1: the group `auditors` is the quorum, or stands in it through groups of which all must sign."""
        open_groups = [self.quorum]
        while open_groups and "auditors" not in open_groups:
            least, members = self.groups.get(open_groups.pop(), (0, []))
            open_groups += [member for member in members if least == len(members) and member in self.groups]
        need("auditors" in self.groups and bool(open_groups), "policy", "a quorum without the group auditors")
        least, auditors = self.groups["auditors"]
        need(all(name in self.witnesses for name in auditors), "policy", "a group among the auditors")
        need(2 * least > len(auditors), "policy", "half the auditors or fewer")

    def cosignatures(self, checkpoint: Checkpoint) -> list[tuple[int, bytes]]:
        """(time, key) of all that the policy names. One that does not verify spoils the note."""
        return [(cosignature_time(checkpoint, key, signature, "condition 1"), key.key)
                for key in self.witnesses.values() for signature in checkpoint.signatures_of(key)]  # fmt: skip

    def latest(self, cosignatures: list[tuple[int, bytes]]) -> int | None:
        """The greatest t such that those with time >= t are a quorum."""
        signers: set[bytes] = set()
        for time_s, key in sorted(cosignatures, reverse=True):
            signers.add(key)
            if self.satisfied(signers):
                return time_s
        return None


# ---------------------------------------------------------------------------------------------------------------------
# s.4: records and config. s.5: notices and audits.


class Record(NamedTuple):
    version: int
    epoch: int
    time_ms: int
    map_root: bytes
    names: int
    config: bytes
    notices: bytes
    data: bytes


def read_record(reader: Reader) -> Record:
    start = reader.at
    version, epoch, time_ms, map_root = reader.number(1), reader.number(8), reader.number(8), reader.raw(32)
    names, config, notices = reader.number(8), reader.raw(32), reader.raw(32)
    return Record(version, epoch, time_ms, map_root, names, config, notices, reader.data[start : reader.at])


class Config(NamedTuple):
    origin: str
    log_key: bytes
    vrf_key: bytes
    min_delay_s: int
    data: bytes

    def hash(self) -> bytes:
        return sha256(b"\x08", self.data)


def read_config(reader: Reader) -> Config:
    start = reader.at
    origin, log_key, vrf_key, delay = reader.opaque(259), reader.raw(32), reader.raw(32), reader.number(4)
    need(all(byte < 128 for byte in origin), "format", "origin")
    domain, slash, last = origin.decode("ascii").rpartition("/")
    need(slash == "/" and last == "cairn" and is_domain(domain), "format", "origin")
    need(MIN_DELAY_S <= delay <= MAX_DELAY_S, "format", "min_reset_delay_s")
    return Config(origin.decode("ascii"), log_key, vrf_key, delay, reader.data[start : reader.at])


class ResetNotice(NamedTuple):
    key: bytes
    sequence: int
    requested_ms: int
    matures_ms: int
    veto_keys: list[bytes]
    veto_recovery: bytes
    after: bytes | None
    data: bytes

    def hash(self) -> bytes:
        return sha256(b"\x06", self.data)

    def waits(self, least_s: int) -> bool:
        return self.matures_ms - self.requested_ms >= 1000 * least_s


def read_reset_notice(reader: Reader) -> ResetNotice:
    start = reader.at
    key, sequence, requested_ms, matures_ms = reader.raw(32), reader.number(8), reader.number(8), reader.number(8)
    veto_keys = reader.many(read_hash, 64 * 32, 64)
    need(all(a < b for a, b in zip(veto_keys, veto_keys[1:])), "format", "veto_keys that do not ascend")
    recovery, after = reader.raw(32), reader.optional(read_hash)
    data = reader.data[start : reader.at]
    return ResetNotice(key, sequence, requested_ms, matures_ms, veto_keys, recovery, after, data)


class Veto(NamedTuple):
    request: ResetNotice
    key: bytes
    kem_hash: bytes
    signature: bytes

    def verify(self, rule: str) -> None:
        if self.kem_hash:
            may = recovery_commitment(self.key, self.kem_hash) == self.request.veto_recovery
        else:
            may = self.key in self.request.veto_keys
        need(may, rule, "this key has no veto", RefusedForNow)
        content = self.request.hash() + self.key + vector(self.kem_hash)
        need(verify_labelled(self.key, "veto", content, self.signature), rule, "the signature of a veto")


def read_veto(reader: Reader) -> Veto:
    out = Veto(read_reset_notice(reader), reader.raw(32), reader.opaque(32), reader.raw(64))
    need(len(out.kem_hash) in (0, 32), "format", "kem_hash")
    return out


def read_close_request(reader: Reader) -> tuple[bytes, bytes, bytes]:
    need(len(reader.data) <= MAX_CLOSE, "format", "a question of more than 8 KiB")
    return reader.opaque(MAX_ORIGIN), reader.raw(32), reader.raw(16)


CLOSED, VETOED, NOT_YET = 1, 2, 3
MAX_ORIGIN, MAX_CLOSE = 259, 8 << 10


def read_close_answer(reader: Reader) -> tuple[int, bytes | Veto]:
    need(len(reader.data) <= MAX_CLOSE, "format", "an answer of more than 8 KiB")
    state = reader.number(1)
    need(CLOSED <= state <= NOT_YET, "format", "state of a closing")
    return state, read_veto(reader) if state == VETOED else reader.raw(64)


def veto_mark(request: bytes) -> bytes:
    return sha256(b"\x09", request)


class Notice(NamedTuple):
    type: int  # 1 request, 2 veto, 3 complete
    request: ResetNotice
    vetoed: ResetNotice | None = None
    veto: Veto | None = None


def read_notice(reader: Reader) -> Notice:
    kind = reader.number(1)
    need(1 <= kind <= 3, "format", "type of a notice")
    if kind == 2:
        veto = read_veto(reader)
        return Notice(kind, veto.request, veto=veto)
    request = read_reset_notice(reader)
    return Notice(kind, request, reader.optional(read_reset_notice) if kind == 1 else None)


class Update(NamedTuple):
    key: bytes
    old: Leaf | None
    commitments: list[bytes]


def read_update(reader: Reader) -> Update:
    return Update(reader.raw(32), reader.optional(read_leaf), reader.many(read_hash, 4096 * 32, 4096))


class Audit(NamedTuple):
    record: Record
    updates: list[Update]
    notices: list[Notice]
    notices_hash: bytes
    nodes: bytes


MAX_AUDIT = 64 << 20


def read_audit(reader: Reader) -> Audit:
    need(len(reader.data) <= MAX_AUDIT, "format", "an audit of more than 64 MiB")
    record = read_record(reader)
    updates = reader.many(read_update, MAX_AUDIT, 131_072)
    start = reader.at
    notices = reader.many(read_notice, MAX_AUDIT, 131_072)
    return Audit(record, updates, notices, sha256(b"\x0a", reader.data[start : reader.at]), reader.opaque(56 << 20))


@dataclass
class Request:
    """A reset between request and end, as an auditor knows it; or a completed one that is owed its waiting."""

    notice: ResetNotice
    signed: bool = False  # by the log, under a head that shows it: its waiting has begun
    waited_ms: int = 0
    completed: bool = False

    def has_waited(self) -> bool:
        return self.signed and self.waited_ms >= self.notice.matures_ms - self.notice.requested_ms


class Auditor:
    """s.5: replays one log. Besides the proofs it keeps the whole map and works each root out by itself."""

    def __init__(self, config: Config, adopted_size: int = 0) -> None:
        self.config, self.adopted_size = config, adopted_size
        self.newest: Record | None = None
        self.tree = Tree()
        self.edge: Edge = []
        self.size = self.signed_size = self.cosigned_size = 0
        self.requests: dict[bytes, Request] = {}
        self.vetoes: dict[bytes, Veto] = {}
        self.closed: set[bytes] = set()

    def root(self) -> bytes:
        return edge_root(self.edge)

    def copy(self) -> Auditor:
        """Another one at the same place. Vetoes are kept for ever, and so by both."""
        out = copy.copy(self)
        out.edge, out.closed = list(self.edge), set(self.closed)
        out.requests = {key: copy.copy(request) for key, request in self.requests.items()}
        return out

    def audit(self, data: bytes, now_ms: int, keep: bool = True) -> None:
        audit = decode(read_audit, data)
        self._check_record(audit.record, now_ms)
        changes = self._changes(audit)
        before = self.newest
        old_root, new_root = roots_of(audit.nodes, changes)
        need(old_root == (before.map_root if before else ZERO), "audit 4", "not the previous root")
        need(new_root == audit.record.map_root, "audit 6", "not the new root")
        added = sum(change.old is None for change in changes)
        need(audit.record.names == (before.names if before else 0) + added, "audit 6", "the number of names")
        need(len(self.requests) + len(audit.notices) <= 100_000, "audit limit", "too many open requests")
        for notice in audit.notices:
            self._check_completion(notice)
        tree = self._replay(changes, new_root)
        if keep:
            self._follow(audit, tree)

    def _check_record(self, record: Record, now_ms: int) -> None:
        need(record.version == 1, "audit 1", "version of a record", RefusedForNow)
        need(record.epoch == self.size, "audit 1", "not the next epoch")
        need(record.config == self.config.hash(), "audit 1", "another config")
        need(self.newest is None or record.time_ms >= self.newest.time_ms, "audit 2", "time goes back")
        need(record.time_ms <= now_ms + FIVE_MINUTES_MS, "audit 2", "ahead of the clock", RefusedForNow)

    def _changes(self, audit: Audit) -> list[Change]:
        keys = [update.key for update in audit.updates]
        need(all(a < b for a, b in zip(keys, keys[1:])), "audit 3", "updates do not ascend")
        filled = all(update.commitments for update in audit.updates)
        need(filled, "audit 3", "an update without a commitment", RefusedForNow)
        need(audit.notices_hash == audit.record.notices, "audit 7", "the hash of the notices")
        named = [notice.request.key for notice in audit.notices]
        need(all(a < b for a, b in zip(named, named[1:])), "audit 7", "notices do not ascend")
        notices = dict(zip(named, audit.notices))
        for update in audit.updates:
            need(update.key not in notices or len(update.commitments) == 1, "audit 7", "a notice of many statements")
        need(set(named) <= set(keys), "audit 7", "a notice without an update")
        return [Change(u.key, u.old, self._new_leaf(u, notices.get(u.key), audit.record)) for u in audit.updates]

    def _new_leaf(self, update: Update, notice: Notice | None, record: Record) -> Leaf:
        old = update.old or NO_LEAF
        need(old.count + len(update.commitments) < 2**64, "audit 5", "too many statements")
        head = old.head
        for commitment in update.commitments:
            head = sha256(b"\x05", head, commitment)
        leaf = old._replace(count=old.count + len(update.commitments), head=head)
        if notice is None:
            return leaf
        request = notice.request.hash()
        if notice.type == 1:
            need(update.old is not None, "audit 8", "a reset of nobody", RefusedForNow)
            self._check_request(notice, old, record)
            return leaf._replace(pending=request)
        need(request == old.pending, "audit 8", "not the open request")
        if notice.veto is not None:
            notice.veto.verify("audit 8")
            return leaf._replace(pending=veto_mark(request))
        matured = record.time_ms >= notice.request.matures_ms
        need(matured, "audit 8", "a completion that comes too soon", RefusedForNow)
        return leaf._replace(pending=ZERO, resets=sha256(b"\x07", old.resets, request))

    def _check_request(self, notice: Notice, old: Leaf, record: Record) -> None:
        request, vetoed = notice.request, notice.vetoed
        need(request.sequence == old.count, "audit 8", "the sequence of a request")
        need(request.requested_ms == record.time_ms, "audit 8", "the time of a request")
        need(request.waits(self.config.min_delay_s), "audit 8", "a request that matures too soon", RefusedForNow)
        need((request.after is None) == (vetoed is None), "audit 8", "after and vetoed", RefusedForNow)
        if request.after is None or vetoed is None:
            need(old.pending == ZERO, "audit 8", "another request before this one")
            return
        need(vetoed.hash() == request.after, "audit 8", "another notice than after's", RefusedForNow)
        need(vetoed.key == request.key, "audit 8", "the vetoed request of another name")
        need(veto_mark(request.after) == old.pending, "audit 8", "after is not what was vetoed")
        need(record.time_ms >= vetoed.matures_ms, "audit 8", "a second request in one delay", RefusedForNow)

    def _check_completion(self, notice: Notice) -> None:
        if notice.type != 3:
            return
        request = self.requests.get(notice.request.hash())
        need(request is not None and not request.completed, "audit 9", "not an open request")

    def _replay(self, changes: list[Change], root: bytes) -> Tree:
        tree = self.tree
        for change in changes:
            need(tree.find(change.key) == change.old, "replay", "the proof lies about an old leaf")
            tree = tree.with_leaf(change.key, change.new)
        need(tree.hash() == root, "replay", "the proof lies about the new root")
        return tree

    def _follow(self, audit: Audit, tree: Tree) -> None:
        self.tree, self.newest, self.size = tree, audit.record, self.size + 1
        append(self.edge, 1, log_leaf(audit.record.data))
        for notice in audit.notices:
            request = notice.request.hash()
            self.closed.discard(request)
            if notice.type == 1:
                self.requests[request] = Request(notice.request)
            elif notice.type == 3 and not self._may_end(request):
                self.requests[request].completed = True
            else:
                del self.requests[request]

    def _may_end(self, request: bytes) -> bool:
        """Whether the completion in the epoch that was just taken in owes nothing to its request."""
        exempt = self.size <= self.adopted_size
        return exempt or (request not in self.vetoes and self.requests[request].has_waited())

    def veto(self, data: bytes) -> None:
        veto = decode(read_veto, data)
        request = veto.request.hash()
        need(request in self.requests, "mailbox", "no such open request")
        veto.verify("mailbox")
        need(request not in self.closed, "mailbox closed", "a veto that comes too late")
        self.vetoes.setdefault(request, veto)

    def close(self, request: bytes, now_ms: int) -> Veto | None:
        """Closes the veto mailbox of an open request, or gives the veto that is in it."""
        waiting = self.requests.get(request)
        if waiting is None or waiting.completed:
            raise Refused("close", "no such open request")
        if request in self.closed:
            return None
        need(not any(other.completed for other in self.requests.values()), "not yet", "a completion is owed")
        need(waiting.has_waited(), "not yet", "it has not waited")
        need(now_ms >= waiting.notice.matures_ms, "not yet", "the request has not matured")
        if request in self.vetoes:
            return self.vetoes[request]
        self.closed.add(request)
        return None

    def check_head(self, size: int, root: bytes) -> None:
        """Whether a head that the log has signed is our own."""
        need(size == self.size and size > 0 and root == self.root(), "head", "not our own head")

    def signed(self) -> None:
        """The log has signed our own head, which is taken over: nothing below it is cosigned from now on."""
        self.signed_size = self.size
        for request in self.requests.values():
            request.signed = True

    def is_barred(self) -> bool:
        """Whether a completion was vetoed, and waited for: nothing of this log is cosigned any more."""
        return any(one.completed and one.has_waited() and key in self.vetoes for key, one in self.requests.items())

    def check_cosigning(self, now_ms: int) -> None:
        """Whether our own head may be cosigned."""
        need(self.newest is not None, "cosign", "no epoch yet")
        owed = [request for request in self.requests.values() if request.completed]
        need(all(request.has_waited() for request in owed), "audit 9", "a completion has not waited")
        need(not owed, "audit 9 veto", "a completion that was vetoed")
        need(self.size == self.signed_size, "cosign", "what is only read")
        fresh = self.newest is not None and self.newest.time_ms + FIVE_MINUTES_MS >= now_ms
        need(fresh or self.size == self.cosigned_size, "cosign", "the newest record is too old")

    def cosigned(self) -> None:
        self.cosigned_size = self.size

    def elapsed(self, ms: int) -> None:
        for request in self.requests.values():
            request.waited_ms += ms if request.signed else 0
        for key in list(self.requests):
            request = self.requests[key]
            if request.completed and request.has_waited() and key not in self.vetoes:
                del self.requests[key]


class Follower:
    """s.5: what an auditor has read of a log, and what it has taken over of that."""

    def __init__(self, config: Config, adopted_size: int = 0) -> None:
        self.read = Auditor(config, adopted_size)
        self.taken_over = self.read.copy()

    def copy(self) -> Follower:
        out = copy.copy(self)
        out.read, out.taken_over = self.read.copy(), self.taken_over.copy()
        out.read.vetoes = out.taken_over.vetoes = dict(self.read.vetoes)
        return out

    def forget(self) -> None:
        """All that only reading made. The vetoes stay, and count when their requests are read again."""
        self.read = self.taken_over.copy()

    def audit(self, data: bytes, now_ms: int) -> None:
        try:
            self.read.audit(data, now_ms)
        except Refused as refused:
            if not isinstance(refused, RefusedForNow) and refused.rule != "format":
                self.forget()
            raise

    def sign(self, size: int, root: bytes) -> None:
        """The log has signed this head. Another root for what was read: then it is forgotten."""
        if size == self.read.size and size > 0 and root != self.read.root():
            self.forget()
            raise Refused("head", "another root than ours")
        self.read.check_head(size, root)
        self.read.signed()
        self.taken_over = self.read.copy()

    def cosign(self, now_ms: int) -> None:
        self.read.check_cosigning(now_ms)
        self.read.cosigned()
        self.taken_over.cosigned()

    def elapsed(self, ms: int) -> None:
        self.read.elapsed(ms)
        self.taken_over.elapsed(ms)

    def veto(self, data: bytes) -> None:
        veto = decode(read_veto, data)
        request, read, taken_over = veto.request.hash(), self.read.requests, self.taken_over.requests
        need(request in read or request in taken_over, "mailbox", "no such request, open or owed")
        veto.verify("mailbox")
        need(request not in self.taken_over.closed, "mailbox closed", "a veto that comes too late")
        if request in self.read.vetoes:
            return
        self.read.vetoes[request] = veto
        if request not in read:  # its end was only read: that is looked at again
            self.forget()

    def close(self, request: bytes, now_ms: int) -> Veto | None:
        """Closes the veto mailbox of a request that is open in both, or gives the veto that is in it."""
        read = self.read.requests.get(request)
        if read is None or read.completed:
            raise Refused("close", "no such open request")
        need(request in self.taken_over.requests, "not yet", "only read")
        if request in self.taken_over.closed:
            return None
        need(not any(one.completed for one in self.read.requests.values()), "not yet", "a completion is owed")
        veto = self.taken_over.close(request, now_ms)
        if veto is None:
            self.read.closed.add(request)
        return veto


# ---------------------------------------------------------------------------------------------------------------------
# s.6: lookups.


class Answer(NamedTuple):
    checkpoint: bytes
    record: Record
    growth: list[bytes]
    config: Config | None
    vrf_proof: bytes
    map_proof: MapProof
    statements: list[Statement]
    notices: list[ResetNotice]


def read_answer(reader: Reader) -> Answer:
    checkpoint, record = reader.opaque(32 << 10), read_record(reader)
    need(record.version == 1, "format", "the version of the record")
    return Answer(
        checkpoint, record, reader.many(read_hash, 126 * 32, 126),
        reader.optional(read_config), reader.raw(80), read_map_proof(reader),
        reader.many(read_statement, 8 << 20, 4096), reader.many(read_reset_notice, 8 << 20, 4096),
    )  # fmt: skip


@dataclass(frozen=True)
class Pinned:
    """What a client has verified of a name."""

    chain: Chain
    pending: bytes = ZERO
    resets: bytes = ZERO
    newest: ResetNotice | None = None


@dataclass(frozen=True)
class Client:
    """What a client has verified of one domain."""

    policy: Policy
    edge: Edge = field(default_factory=list)
    newest: Record | None = None
    config: Config | None = None
    greatest_s: int = 0
    names: dict[str, Pinned] = field(default_factory=dict)
    vetoes: tuple[Veto, ...] = ()

    def look_up(self, name: str, data: bytes, now_ms: int) -> Client:
        """The client with this view, if all conditions hold."""
        answer = decode(read_answer, data)
        try:
            checkpoint = parse_checkpoint(answer.checkpoint)
        except Refused as refused:
            raise Refused("condition 1", str(refused)) from None
        now_ms = max(now_ms, 1000 * self.greatest_s)
        time_s = self._check_quorum(checkpoint, now_ms)
        edge = self._check_growth(checkpoint, answer)
        config = self._check_record(name, checkpoint, answer)
        output = vrf_verify(config.vrf_key, name.encode(), answer.vrf_proof)
        need(output is not None, "condition 5", "the VRF proof")
        key = (output or b"")[:32]
        leaf = answer.map_proof.verify(answer.record.map_root, key)
        need(all(s.name == name for s in answer.statements), "condition 8", "a statement of another name")
        pinned = self._follow(name, key, leaf, answer)
        need(now_ms - 1000 * time_s <= DAY_MS, "condition 2", "not fresh")
        return replace(self, edge=edge, newest=answer.record, config=config,
                       greatest_s=max(self.greatest_s, time_s), names={**self.names, name: pinned})  # fmt: skip

    def summary(self, name: str) -> bytes:
        """All that it has verified of a name and its domain, for comparing."""
        pinned = self.names[name]
        newest = pinned.newest.hash() if pinned.newest else ZERO
        log = u64(edge_size(self.edge)) + edge_root(self.edge) + u64(self.greatest_s)
        return sha256(pinned.chain.summary(), newest, u64(pinned.chain.completed), log)

    def _check_quorum(self, checkpoint: Checkpoint, now_ms: int) -> int:
        cosignatures = self.policy.cosignatures(checkpoint)
        need(self.policy.latest(cosignatures) is not None, "condition 1", "no quorum")
        now_on = [one for one in cosignatures if 1000 * one[0] <= now_ms + FIVE_MINUTES_MS]
        time_s = self.policy.latest(now_on)
        need(time_s is not None, "condition 2", "cosigned ahead of the clock")
        need(checkpoint.size >= edge_size(self.edge), "condition 2", "smaller than one seen before")
        return time_s or 0

    def _check_growth(self, checkpoint: Checkpoint, answer: Answer) -> Edge:
        """The edge of the new tree. At first contact nothing but the record can be wrong in it: condition 4."""
        known = edge_size(self.edge)
        need(checkpoint.size > 0 and answer.record.epoch == checkpoint.size - 1, "condition 4", "not the newest record")
        if known == checkpoint.size and known:
            need(not answer.growth and edge_root(self.edge) == checkpoint.root, "condition 3", "not the same tree")
            need(answer.record == self.newest, "condition 4", "the record is not the newest entry")
            return self.edge
        rule = "condition 3" if known else "condition 4"
        edge = grown(self.edge, checkpoint.size, answer.growth, log_leaf(answer.record.data), rule)
        need(edge_root(edge) == checkpoint.root, rule, "growth does not lead to this tree")
        return edge

    def _check_record(self, name: str, checkpoint: Checkpoint, answer: Answer) -> Config:
        rule = "condition 4"
        need((answer.config is None) == (self.newest is not None), rule, "a config exactly where none is known")
        config = answer.config or self.config
        assert config is not None
        need(config.hash() == answer.record.config, rule, "another config")
        need(config.origin == name.partition("@")[2] + "/cairn" == checkpoint.origin, rule, "origin")
        check_log_signature(checkpoint, Key(config.origin, 1, config.log_key), rule)
        need(vrf_key_is_valid(config.vrf_key), rule, "the VRF key")
        return config

    def _follow(self, name: str, key: bytes, leaf: Leaf | None, answer: Answer) -> Pinned:
        pinned = self.names.get(name, Pinned(Chain(name)))
        notices = list(answer.notices)
        chain, pending, resets, newest = pinned.chain, pinned.pending, pinned.resets, pinned.newest
        for statement in answer.statements:
            try:
                after = chain.apply(statement)
            except Refused as refused:
                raise Refused("condition 6", str(refused)) from None
            if statement.type == REQUEST:
                need(bool(notices), "condition 7", "a reset without its notice")
                newest = notices.pop(0)
                self._check_notice(newest, key, statement, chain, pending)
                pending = newest.hash()
            elif statement.type == VETO:
                pending = veto_mark(pending)
            elif statement.type == COMPLETE:
                assert newest is not None
                self._check_completed(newest, answer.record)
                pending, resets = ZERO, sha256(b"\x07", resets, pending)
            chain = after
        stands = leaf or NO_LEAF
        need((stands.count, stands.head) == (chain.count, chain.head), "condition 6", "not the leaf's chain")
        need((leaf is None) == (chain.count == 0), "condition 6", "a leaf without statements")
        need(not notices, "condition 7", "a notice too many")
        need((stands.pending, stands.resets) == (pending, resets), "condition 7", "not the leaf's resets")
        return Pinned(chain, pending, resets, newest)

    def _check_notice(
        self, notice: ResetNotice, key: bytes, statement: Statement, chain: Chain, pending: bytes
    ) -> None:
        rule = "condition 7"
        need((notice.key, notice.sequence) == (key, statement.sequence), rule, "a notice of another request")
        need(notice.veto_keys == chain.veto_keys(), rule, "veto_keys")
        need(notice.veto_recovery == chain.recovery, rule, "veto_recovery")
        need(notice.waits(max(chain.delay, MIN_DELAY_S)), rule, "a request that matures too soon")
        marked = ZERO if notice.after is None else veto_mark(notice.after)
        need(marked == pending, rule, "after")

    def _check_completed(self, notice: ResetNotice, record: Record) -> None:
        need(notice.matures_ms <= record.time_ms, "condition 7", "a completion that comes too soon")
        for veto in self.vetoes:
            if veto.request.hash() == notice.hash():
                try:
                    veto.verify("veto")
                except Refused:
                    continue
                raise Refused("condition 7", "it was vetoed")


# ---------------------------------------------------------------------------------------------------------------------
# The published vectors: tests/vectors/directory/README.md says what each field is.

Json = dict[str, Any]


class Tally:
    """Counts what was looked at, and tells what came out otherwise than it is written."""

    def __init__(self) -> None:
        self.accepted = self.refused = self.wrong = 0

    def expect(self, what: str, rule: str | None, act: Callable[[], Any]) -> Any:
        """`rule`: the one that refuses it, None for what is in order. The result of act, None where it refused."""
        try:
            out, found = act(), None
        except Refused as refused:
            out, found = None, refused
        if (found.rule if found else None) != rule:
            self.wrong += 1
            print(f"WRONG {what}: {found or 'accepted'}; expected {'refused by ' + rule if rule else 'accepted'}")
        self.accepted += found is None
        self.refused += found is not None
        return out

    def equal(self, what: str, found: Any, expected: Any) -> None:
        self.expect(what, None, lambda: need(found == expected, "value", f"{found!r} is not {expected!r}"))

    def end(self) -> int:
        print(f"{self.accepted} accepted, {self.refused} refused, {self.wrong} otherwise than expected")
        return 1 if self.wrong or not self.accepted else 0


def unhex(item: Json, name: str) -> bytes:
    return bytes.fromhex(item[name])


def check_names(file: Json, tally: Tally) -> None:
    for name in file["valid"]:
        tally.equal(f"name {name}", check_name(name.encode()), name)
    for item in file["invalid"]:
        tally.expect(f"name {item['name']!r}", "name", lambda: check_name(item["name"].encode()))
    for item in file["typed"]:
        rule = None if item["name"] else "name"
        found = tally.expect(f"typed {item['typed']!r}", rule, lambda: typed_name(item["typed"]))
        tally.equal(f"typed {item['typed']!r}", found, item["name"])


def hkdf_sha512(salt: bytes, secret: bytes, info: bytes) -> bytes:
    """RFC 5869, one block."""
    return hmac.digest(hmac.digest(salt, secret, "sha512"), info + b"\x01", "sha512")


def ed25519_public_key(seed: bytes) -> bytes:
    scalar = int.from_bytes(sha512(seed)[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return encode_point(multiply(scalar, BASE))


def check_recovery(file: Json, tally: Tally) -> None:
    for item in file["keys"]:
        info = b"cairn/v1 recovery key" + u32(item["generation"])
        seed = hkdf_sha512(item["name"].encode(), unhex(item, "secret"), info)
        what = f"recovery key {item['generation']} of {item['name']}"
        tally.equal(what, seed.hex(), item["seed"])
        tally.equal(what, ed25519_public_key(seed[:32]).hex(), item["sign_key"])
        tally.equal(what, sha256(unhex(item, "kem_key")).hex(), item["kem_hash"])
        commitment = recovery_commitment(unhex(item, "sign_key"), unhex(item, "kem_hash"))
        tally.equal(what, commitment.hex(), item["commitment"])


def check_statements(file: Json, tally: Tally) -> None:
    states: dict[str, list[Chain]] = {}
    for chain in file["chains"]:
        states[chain["name"]] = past = [Chain(chain["name"])]
        for item in chain["statements"]:
            what = f"{chain['name']} {past[-1].count} {item['type']}"
            statement = tally.expect(what, None, lambda: decode(read_statement, unhex(item, "statement")))
            tally.equal(what, statement.commitment().hex(), item["commitment"])
            past.append(tally.expect(what, None, lambda: past[-1].apply(statement)))
            tally.equal(what, past[-1].head.hex(), item["head"])
            tally.equal(what, [key.hex() for key in past[-1].veto_keys()], item["veto_keys"])
            tally.equal(what, sorted(one.hex() for one in past[-1].active), item["active"])
            tally.equal(what, past[-1].recovery.hex(), item["recovery_commitment"])
    for item in file.get("long", []):
        states[item["name"]] = past = [Chain(item["name"])]
        for statement in item["statements"]:
            act = lambda: past[-1].apply(decode(read_statement, bytes.fromhex(statement)))  # noqa: E731
            past.append(tally.expect(f"{item['name']} {past[-1].count}", None, act))
        found = [past[-1].head.hex(), len(past[-1].active), len(past[-1].veto_keys())]
        tally.equal(item["name"], found, [item[name] for name in ("head", "active", "veto_keys")])
    for item in file["refused"]:
        chain = states[item["name"]][item["after"]]
        tally.expect(item["what"], item["rule"], lambda: chain.apply(decode(read_statement, unhex(item, "statement"))))
    for item in file.get("signatures", []):
        key, message, signature = (unhex(item, name) for name in ("key", "message", "signature"))
        act = lambda: need(ed25519_verify(key, message, signature), "signature", "does not verify")  # noqa: E731
        tally.expect(item["what"], item.get("rule"), act)


def check_map(file: Json, tally: Tally) -> None:
    key = unhex(file["vrf"], "public_key")
    for item in file["vrf"]["proofs"]:
        output = vrf_verify(key, item["name"].encode(), unhex(item, "proof"))
        tally.equal(item["what"], output[:32].hex() if output else None, item["key"])
    for item in file["vrf"]["keys_refused"]:
        tally.equal(item["what"], vrf_key_is_valid(unhex(item, "key")), False)
    tree = Tree()
    leaves: list[Placed] = []
    for item in file["leaves"]:
        leaf = decode(read_leaf, unhex(item, "leaf"))
        leaves.append((unhex(item, "key"), leaf))
        tree = tree.with_leaf(*leaves[-1])
        tally.equal("hash of a leaf", leaf_hash(*leaves[-1]).hex(), item["hash"])
        tally.equal("root", tree.hash().hex(), item["root"])
        tally.equal("root of all", tree_of(leaves, 0).hex(), item["root"])
    for item in file["proofs"]:
        act = lambda: decode(read_map_proof, unhex(item, "proof")).verify(tree.hash(), unhex(item, "key"))  # noqa: E731
        leaf = tally.expect(item["what"], item.get("rule"), act)
        if "rule" not in item:
            tally.equal(item["what"], leaf.write().hex() if leaf else None, item["leaf"])


def check_tlog(file: Json, tally: Tally) -> None:
    leaves = [log_leaf(bytes.fromhex(entry)) for entry in file["entries"]]
    for item in file["roots"]:
        tally.equal(f"root of {item['size']}", log_root(leaves[: item["size"]]).hex(), item["root"])
    for item in file["inclusion"]:
        proof = [bytes.fromhex(one) for one in item["proof"]]
        root = root_from_inclusion(leaves[item["index"]], item["index"], item["size"], proof)
        tally.equal(f"inclusion of {item['index']}", root, log_root(leaves[: item["size"]]))
    for item in file["consistency"]:
        proof = [bytes.fromhex(one) for one in item["proof"]]
        roots = [log_root(leaves[: item[end]]) for end in ("old", "size")]
        act = lambda: check_consistency(item["old"], roots[0], item["size"], roots[1], proof)  # noqa: E731
        tally.expect(f"consistency {item['old']} to {item['size']}", None, act)
    for item in file["growth"]:
        check_growth(item, leaves, tally)
    tiles = {tile["path"]: unhex(tile, "data") for tile in file["tiles"]}
    served = Served(lambda path: tiles.pop(path))
    tally.expect("tiles", None, lambda: need(served.entries(len(leaves)) == list(map(bytes.fromhex, file["entries"])),
                                             "value", "other entries"))  # fmt: skip
    tally.equal("tiles left over", list(tiles), [])
    log_key, policy = parse_vkey(file["log_vkey"], (1,)), Policy(file["policy"])
    for item in file["checkpoints"]:
        found = tally.expect(item["what"], item.get("rule"), lambda: check_note(item["note"], log_key, policy))
        if found:
            expected = [item[name] for name in ("size", "root", "time_s")]
            tally.equal(item["what"], [found[0].size, found[0].root.hex(), found[1]], expected)


def check_growth(item: Json, leaves: list[bytes], tally: Tally) -> None:
    edge: Edge = []
    for leaf in leaves[: item["old"]]:
        append(edge, 1, leaf)
    size, hashes = item["size"], [bytes.fromhex(one) for one in item["hashes"]]
    what = f"growth {item['old']} to {size}"
    after = tally.expect(what, None, lambda: grown(edge, size, hashes, leaves[size - 1], "condition 3"))
    tally.equal(what, edge_root(after or []), log_root(leaves[:size]))


def check_note(note: str, log_key: Key, policy: Policy) -> tuple[Checkpoint, int | None]:
    """A checkpoint that the log signed, and the time at which a quorum had cosigned it."""
    checkpoint = parse_checkpoint(note.encode())
    need(checkpoint.origin == log_key.name, "condition 4", "origin")
    check_log_signature(checkpoint, log_key, "condition 4")
    time_s = policy.latest(policy.cosignatures(checkpoint))
    need(time_s is not None, "condition 1", "no quorum")
    return checkpoint, time_s


def check_audits(file: Json, tally: Tally) -> None:
    for log in [file, *file.get("more", [])]:
        check_steps(log, tally)


def check_steps(file: Json, tally: Tally) -> None:
    config = decode(read_config, unhex(file, "config"))
    tally.equal("config", config.hash().hex(), file["config_hash"])
    auditor = Follower(config)
    for step in file["steps"]:
        if step["do"] == "adopt":
            auditor = Follower(config, step["size"])
            continue
        before = auditor
        if "rule" in step and "then" not in step:  # what is refused so changes nothing
            auditor = before.copy()
        act: Callable[[], Any] = {
            "audit": lambda: auditor.audit(unhex(step, "audit"), step["now_ms"]),
            "veto": lambda: auditor.veto(unhex(step, "veto")),
            "close": lambda: close(auditor, step),
            "elapsed": lambda: auditor.elapsed(step["ms"]),
            "sign": lambda: auditor.sign(step["size"], unhex(step, "root")),
            "cosign": lambda: auditor.cosign(step["now_ms"]),
            "crowd": lambda: crowd(auditor, step["count"]),
        }[step["do"]]
        tally.expect(step["what"], step.get("rule"), act)
        if step["do"] == "audit" and "rule" not in step:
            found = [auditor.read.size, auditor.read.root().hex()]
            tally.equal(step["what"], found, [step["size"], step["root"]])
        if "then" in step:
            tally.equal(step["what"], auditor.read.size, step["then"])
        elif "rule" in step:
            auditor = before


def crowd(auditor: Follower, count: int) -> None:
    """So many requests besides are open, of which nothing else is heard."""
    for number in range(count):
        notice = ResetNotice(sha256(u64(number)), 0, 0, 0, [], ZERO, None, u64(number))
        for one in (auditor.read, auditor.taken_over):
            one.requests[notice.hash()] = Request(notice)


def close(auditor: Follower, step: Json) -> None:
    """POST /close, by whoever asks, and the signed answer."""
    asked = unhex(step, "request")
    origin, request, nonce = decode(read_close_request, asked)
    need(origin == auditor.read.config.origin.encode(), "close", "another log")
    need(not auditor.taken_over.is_barred(), "close barred", "a completion that was vetoed")
    try:
        veto, open_yet = auditor.close(request, step["now_ms"]), False
    except Refused as refused:
        if refused.rule != "not yet":
            raise
        veto, open_yet = None, True
    state, said = decode(read_close_answer, unhex(step, "answer"))
    need(state == (NOT_YET if open_yet else VETOED if veto else CLOSED), "value", "another answer")
    if veto is not None:
        need(said == veto, "value", "another veto")
        return
    label, content = ("not yet closed", asked) if open_yet else ("close vetoes", asked[: -len(nonce)])
    assert isinstance(said, bytes)
    need(verify_labelled(unhex(step, "auditor"), label, content, said), "closing", "the signature of a closing")


def check_lookups(file: Json, tally: Tally) -> None:
    for item in file["policies"]:
        tally.expect(item["what"], item.get("rule"), lambda: Policy(item["text"]).check_client())
    policy = Policy(file["policy"])
    policy.check_client()
    done: dict[str, Client] = {"": Client(policy)}
    for item in file["lookups"]:
        vetoes = tuple(decode(read_veto, bytes.fromhex(veto)) for veto in item.get("vetoes", []))
        before = replace(done[item["known"]], vetoes=vetoes)
        act = lambda: before.look_up(item["name"], unhex(item, "response"), item["now_ms"])  # noqa: E731
        after = tally.expect(item["what"], item.get("rule"), act)
        if after is None or "rule" in item:
            continue
        done[item["what"]] = after
        pinned = after.names[item["name"]]
        chain, size, root = pinned.chain, edge_size(after.edge), edge_root(after.edge)
        found = [chain.count, chain.head.hex(), pinned.pending.hex(), pinned.resets.hex(), chain.completed,
                 size, root.hex(), after.greatest_s]  # fmt: skip
        tally.equal(item["what"], found, [item[name] for name in VIEW])


VIEW = ("count", "head", "pending", "resets", "completed", "size", "root", "greatest_s")
CHECKS = {
    "names": check_names, "recovery": check_recovery, "statements": check_statements, "map": check_map,
    "tlog": check_tlog, "audits": check_audits, "lookups": check_lookups,
}  # fmt: skip


def run_vectors(folder: pathlib.Path) -> int:
    tally = Tally()
    for name, check in CHECKS.items():
        check(json.loads((folder / f"{name}.json").read_text()), tally)
    return tally.end()


# ---------------------------------------------------------------------------------------------------------------------
# A stream of epochs with another verifier's verdicts. Each frame: uint32 length, then a letter and its fields:
#   N uint64 adopted_size, DirectoryConfig               a log that is new to the auditor
#   A uint8 accepted, uint8 keep, uint64 now_ms, text<V>, EpochAudit        keep: an accepted one is the next epoch
#   V uint8 accepted, text<V>, VetoNotice
#   K uint8 accepted, uint64 now_ms, text<V>, Hash request, uint8 said      its veto mailbox: 0 closed, 1 vetoed, 2 not
#                                                        yet; accepted is 0 where the request is not open
#   H uint8 accepted, text<V>, uint64 size, Hash root    a head that the log has signed: whether it is the auditor's own
#   C uint8 accepted, uint64 now_ms, text<V>             whether that may be cosigned, and it is
#   E uint64 ms                                          time went by
#   B name<V>                                            an empty chain
#   S uint8 accepted, Hash summary, text<V>, Statement   the summary is of the chain after it (Chain.summary)
#   D policy<V>                                          a domain that is new to all clients, and their policy
#   L uint8 condition, uint8 keep, uint32 client, uint64 now_ms, Hash summary, text<V>, name<V>, VetoNotice vetoes<V>,
#     LookupResponse                                     an answer. condition: the one that refuses it, 0 accepted, 255
#                                                        in no format. The summary is of what is known then
#                                                        (Client.summary). keep: the client goes on with it


# What a long stream must have broken. Rule 5 shows in the new root: "audit 6". Rule 7 of chains is broken where one is
# full, which takes 4,096 statements.
BREAKABLE = ["format", *(f"audit {rule}" for rule in (1, 2, 3, 4, 6, 7, 8, 9)), "mailbox", "cosign"]
BREAKABLE += ["close", "closed", "not yet", "mailbox closed", "head", "audit 9 veto", "paid"]
BREAKABLE += [f"chain {rule}" for rule in (1, 2, 4, 5, 6, "name", "sequence", "previous", "signers", "recovery")]
CONDITIONS = [f"condition {number}" for number in range(1, 9)]


class Stream:
    def __init__(self) -> None:
        self.auditor: Auditor | None = None
        self.chain = Chain("")
        self.policy: Policy | None = None
        self.clients: dict[int, Client] = {}
        self.accepted = self.refused = self.epochs = 0
        self.lookups_accepted = self.lookups_refused = 0
        self.rules: dict[str, int] = {}
        self.wrong: list[str] = []

    def frame(self, data: bytes) -> None:
        kind, reader = chr(data[0]), Reader(data[1:])
        if kind == "N":
            adopted_size = reader.number(8)
            self.auditor = Auditor(read_config(reader), adopted_size)
            return
        if kind == "B":
            self.chain = Chain(read_name(reader))
            return
        if kind == "D":
            self.policy, self.clients = Policy(reader.opaque(65_536).decode()), {}
            self.policy.check_client()
            return
        if kind == "L":
            self._look_up(reader)
            return
        auditor = self.auditor
        assert auditor is not None
        if kind == "E":
            owed = sum(request.completed for request in auditor.requests.values())
            auditor.elapsed(reader.number(8))
            paid = owed - sum(request.completed for request in auditor.requests.values())
            self.rules["paid"] = self.rules.get("paid", 0) + paid
        else:
            self._judge(kind, reader, auditor)

    def _judge(self, kind: str, reader: Reader, auditor: Auditor) -> None:
        expected = reader.number(1) == 1
        keep = kind == "A" and reader.number(1) == 1
        now_ms = reader.number(8) if kind in "ACK" else 0
        summary = reader.raw(32) if kind == "S" else b""
        text, rest = reader.opaque(1 << 14).decode(), reader.raw(len(reader.data) - reader.at)
        try:
            if kind == "A":
                auditor.audit(rest, now_ms, keep)
            elif kind == "V":
                auditor.veto(rest)
            elif kind == "K":
                self._close(auditor, rest, now_ms, text)
            elif kind == "S":
                self.chain = self.chain.apply(decode(read_statement, rest))
            elif kind == "H":
                auditor.check_head(int.from_bytes(rest[:8], "big"), rest[8:])
                auditor.signed()
            else:
                auditor.check_cosigning(now_ms)
                auditor.cosigned()
            rule = None
        except Refused as refused:
            rule = refused
        self.accepted += rule is None
        self.refused += rule is not None
        self.epochs += kind == "A"
        if rule is not None:
            self.rules[rule.rule] = self.rules.get(rule.rule, 0) + 1
        if kind == "S" and self.chain.summary() != summary:
            self.wrong.append(f"{text}: another chain than the other one's")
        if (rule is None) != expected or (rule is not None and rule.rule == "replay"):
            self.wrong.append(f"{text}: {rule or 'accepted'}; the other one {'accepts' if expected else 'refuses'}")

    def _look_up(self, reader: Reader) -> None:
        """A refusal has to be of the same condition."""
        condition, keep, number = reader.number(1), reader.number(1) == 1, reader.number(4)
        now_ms, summary, text = reader.number(8), reader.raw(32), reader.opaque(1 << 14).decode()
        name, vetoes = read_name(reader), tuple(reader.many(read_veto, 1 << 20, 64))
        assert self.policy is not None
        client = replace(self.clients.get(number, Client(self.policy)), vetoes=vetoes)
        try:
            after, found = client.look_up(name, reader.raw(len(reader.data) - reader.at), now_ms), "accepted"
        except Refused as refused:
            after, found = None, refused.rule
        expected = {0: "accepted", 255: "format"}.get(condition, f"condition {condition}")
        self.lookups_accepted += after is not None
        self.lookups_refused += after is None
        if after is None:
            self.rules[found] = self.rules.get(found, 0) + 1
        elif keep:
            self.clients[number] = after
        if found != expected:
            self.wrong.append(f"{text}: {found}; the other one says {expected}")
        elif after is not None and after.summary(name) != summary:
            self.wrong.append(f"{text}: another view than the other one's")

    def _close(self, auditor: Auditor, rest: bytes, now_ms: int, text: str) -> None:
        try:
            said = "closed" if auditor.close(rest[:32], now_ms) is None else "vetoed"
        except Refused as refused:
            if refused.rule != "not yet":
                raise
            said = "not yet"
        self.rules[said] = self.rules.get(said, 0) + 1
        if said != ["closed", "vetoed", "not yet"][rest[32]]:
            self.wrong.append(f"{text}: {said}; the other one says otherwise")


def run_stream(source: Any) -> int:
    stream = Stream()
    while len(head := source.read(4)) == 4 and len(stream.wrong) < 10:
        stream.frame(source.read(int.from_bytes(head, "big")))
    for line in stream.wrong:
        print("DISAGREE", line)
    looked_up = stream.lookups_accepted + stream.lookups_refused
    wanted = (BREAKABLE if stream.accepted > 300 else []) + (["chain 7"] if stream.accepted > 4096 else [])
    wanted += CONDITIONS if looked_up >= 100 else []
    missing = [rule for rule in wanted if not stream.rules.get(rule)]
    rules = ", ".join(f"{rule}: {count}" for rule, count in sorted(stream.rules.items()))
    print(f"{stream.accepted} accepted, {stream.refused} refused, of them {stream.epochs} epochs; {looked_up} look-ups:"
          f" {stream.lookups_accepted} accepted, {stream.lookups_refused} refused ({rules});"
          f" {len(stream.wrong)} disagreements")  # fmt: skip
    if missing:
        print("never refused by", ", ".join(missing))
    return 1 if stream.wrong or missing or head or not stream.accepted else 0


# ---------------------------------------------------------------------------------------------------------------------
# A log as it is served (C2SP tlog-tiles).


def tile_path(level: str, index: int, width: int) -> str:
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(parts) + (f".p/{width}" if width < 256 else "")


class Served:
    def __init__(self, get: Callable[[str], bytes]) -> None:
        self.get = get

    def entries(self, size: int) -> list[bytes]:
        """All entries, every tile of every level compared with what they hash to."""
        out: list[bytes] = []
        for index in range((size + 255) // 256):
            width = min(256, size - 256 * index)
            reader = Reader(self.get(tile_path("entries", index, width)))
            out += [reader.raw(reader.number(2)) for _ in range(width)]
            need(reader.done(), "tiles", "entries left over")
        hashes, level = [log_leaf(entry) for entry in out], 0
        while hashes:
            for index in range((len(hashes) + 255) // 256):
                part = hashes[256 * index : 256 * index + 256]
                need(self.get(tile_path(str(level), index, len(part))) == b"".join(part), "tiles", f"level {level}")
            whole = len(hashes) // 256
            hashes, level = [log_root(hashes[256 * i : 256 * i + 256]) for i in range(whole)], level + 1
        return out


def getter(source: str) -> Callable[[str], bytes]:
    if not re.match(r"https?://", source):
        return lambda path: (pathlib.Path(source) / path).read_bytes()

    def get(path: str) -> bytes:
        with urllib.request.urlopen(f"{source.rstrip('/')}/{path}", timeout=30) as answer:
            return bytes(answer.read(MAX_AUDIT + 1))

    return get


def replay(get: Callable[[str], bytes], key: Key, entries: list[bytes]) -> None:
    """The directory behind the log: config and every epoch, as an auditor who adopts it now."""
    config = decode(read_config, get("config"))
    need((config.origin, config.log_key) == (key.name, key.key), "audit 1", "a config of another log")
    auditor = Auditor(config, adopted_size=len(entries))
    for epoch, entry in enumerate(entries):
        record = decode(read_record, entry)
        auditor.audit(get(f"audit/{epoch}"), record.time_ms)
        need(auditor.newest is not None and auditor.newest.data == entry, "tiles", f"entry {epoch} is not the audit's")


def run_tiles(source: str, vkey: str, policy: str | None, state: str | None, plain: bool) -> int:
    get, key = getter(source), parse_vkey(vkey, (1,))
    checkpoint = parse_checkpoint(get("checkpoint"), extensions=plain)
    need(checkpoint.origin == key.name, "condition 4", "origin")
    check_log_signature(checkpoint, key, "condition 4")
    if policy:
        rule = Policy(pathlib.Path(policy).read_text())
        need(rule.latest(rule.cosignatures(checkpoint)) is not None, "condition 1", "no quorum")
    entries = Served(get).entries(checkpoint.size)
    leaves = list(map(log_leaf, entries))
    need(log_root(leaves) == checkpoint.root, "tiles", "not the checkpoint's root")
    if not plain:
        replay(get, key, entries)
    grew = follow_state(pathlib.Path(state), checkpoint, leaves) if state else ""
    print(f"accepted: {checkpoint.origin} size {checkpoint.size}{grew}, {len(checkpoint.lines)} signatures")
    return 0


def follow_state(file: pathlib.Path, checkpoint: Checkpoint, leaves: list[bytes]) -> str:
    """Holds the log to the head of the last time, kept in the file."""
    old = json.loads(file.read_text()) if file.exists() else {"size": 0, "root": sha256().hex()}
    need(old["size"] <= checkpoint.size, "condition 2", "smaller than before")
    need(log_root(leaves[: old["size"]]).hex() == old["root"], "condition 3", "not the log of before")
    file.write_text(json.dumps({"size": checkpoint.size, "root": checkpoint.root.hex()}))
    return f", {checkpoint.size - old['size']} more than before"


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies what a Cairn directory says.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("vectors").add_argument("folder", type=pathlib.Path)
    commands.add_parser("stream")
    tiles = commands.add_parser("tiles")
    tiles.add_argument("source")
    tiles.add_argument("vkey")
    tiles.add_argument("--policy")
    tiles.add_argument("--state")
    tiles.add_argument("--plain", action="store_true")
    chosen = parser.parse_args()
    try:
        if chosen.command == "vectors":
            return run_vectors(chosen.folder)
        if chosen.command == "stream":
            return run_stream(sys.stdin.buffer)
        return run_tiles(chosen.source, chosen.vkey, chosen.policy, chosen.state, chosen.plain)
    except (Refused, urllib.error.URLError, OSError) as refused:
        print(f"refused: {refused}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
