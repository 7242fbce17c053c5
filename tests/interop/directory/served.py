#!/usr/bin/env python3
"""served.py PROGRAMS [LITEWITNESS]: logs and witnesses that run, on loopback, read by verify.py.

PROGRAMS has cairnd, cairn-witness and cairn. cairnd grows and is killed and started again under cosigners of ours, and
with LITEWITNESS (the folder of litewitness and witnessctl) under that one too; verify.py reads what it serves. Then
cairn-witness cosigns a log that is none of ours.
"""
from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import verify

PATIENCE_S = 60
STARTED: list[subprocess.Popen[bytes]] = []


def start(words: list[str | pathlib.Path], log: pathlib.Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        STARTED.append(subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT))
    return STARTED[-1]


def await_that(what: str, test: object) -> object:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := test():  # type: ignore[operator]
            return found
        time.sleep(0.05)
    raise SystemExit(f"waited {PATIENCE_S} s in vain: {what}")


def request(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


class Program:
    """A server of ours, at the port that it was given the first time."""

    def __init__(self, folder: pathlib.Path, name: str, words: list[str], options: list[str]) -> None:
        self.words, self.options, self.log, self.port = words, options, folder / f"{name}.log", 0
        self.start()

    def start(self) -> None:
        self.log.write_text("")
        words: list[str | pathlib.Path] = [*self.words, "serve", "--listen", f"127.0.0.1:{self.port}", *self.options]
        self.process = start(words, self.log)
        listens = re.compile(r"listening on http://127.0.0.1:(\d+)\n")
        told = await_that(f"{self.words[0]} listens", lambda: listens.search(self.log.read_text()))
        self.port = int(told[1])  # type: ignore[index]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(30)

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Litewitness:
    """Another project's witness: it signs by an ssh-agent."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path, log: str) -> None:
        self.programs, self.folder = programs, folder
        self.port = free_port()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
        start(["ssh-agent", "-D", "-a", folder / "agent"], folder / "agent.log")
        await_that("ssh-agent listens", (folder / "agent").exists)
        environment = {**os.environ, "SSH_AUTH_SOCK": str(folder / "agent")}
        subprocess.run(["ssh-add", "-q", folder / "key"], check=True, env=environment)
        origin = log.partition("+")[0]
        for words in (["add-log", "-origin", origin], ["add-key", "-origin", origin, "-key", log]):
            subprocess.run([programs / "witnessctl", words[0], "-db", folder / "db", *words[1:]], check=True)
        self.start()

    def start(self) -> None:
        shown = subprocess.run(["ssh-keygen", "-lf", self.folder / "key.pub"], check=True, capture_output=True)
        words = [self.programs / "litewitness", "-name", "lite.test/w", "-db", self.folder / "db",
                 "-listen", f"127.0.0.1:{self.port}", "-ssh-agent", self.folder / "agent",
                 "-key", shown.stdout.decode().split()[1]]  # fmt: skip
        self.process = start(words, self.folder / "litewitness.log")
        await_that("litewitness listens", lambda: request(self.url())[0])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def vkey(self) -> str:
        public = base64.b64decode((self.folder / "key.pub").read_text().split()[1])[-32:]
        return vkey_of(verify.Key("lite.test/w", 4, public))

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def vkey_of(key: verify.Key) -> str:
    return f"{key.name}+{key.id().hex()}+{base64.b64encode(bytes([key.type]) + key.key).decode()}"


# ---------------------------------------------------------------------------------------------------------------------
# A log of somebody else: RFC 6962, C2SP tlog-checkpoint, nothing of a directory.


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """RFC 8032 s.5.1.6."""
    expanded = verify.sha512(seed)
    scalar = int.from_bytes(expanded[:32], "little") & ((1 << 254) - 8) | 1 << 254
    r = int.from_bytes(verify.sha512(expanded[32:], message), "little") % verify.L
    commitment = verify.encode_point(verify.multiply(r, verify.BASE))
    key = verify.ed25519_public_key(seed)
    k = int.from_bytes(verify.sha512(commitment, key, message), "little") % verify.L
    return commitment + ((r + k * scalar) % verify.L).to_bytes(32, "little")


class PlainLog:
    def __init__(self) -> None:
        self.seed = bytes(range(32))
        self.key = verify.Key("log.test/plain", 1, verify.ed25519_public_key(self.seed))
        self.leaves: list[bytes] = []

    def grow(self, size: int) -> None:
        self.leaves += [verify.log_leaf(f"entry {index}".encode()) for index in range(len(self.leaves), size)]

    def note(self, extension: str = "") -> str:
        root = base64.b64encode(verify.log_root(self.leaves)).decode()
        text = f"{self.key.name}\n{len(self.leaves)}\n{root}\n{extension}"
        signature = base64.b64encode(self.key.id() + ed25519_sign(self.seed, text.encode())).decode()
        return f"{text}\n\u2014 {self.key.name} {signature}\n"

    def consistency(self, old: int) -> list[bytes]:
        """RFC 6962 s.2.1.2."""

        def part(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
            if m == len(leaves):
                return [] if whole else [verify.log_root(leaves)]
            k = 1 << ((len(leaves) - 1).bit_length() - 1)
            if m <= k:
                return [*part(m, leaves[:k], whole), verify.log_root(leaves[k:])]
            return [*part(m - k, leaves[k:], False), verify.log_root(leaves[:k])]

        return part(old, self.leaves, True) if old else []

    def add_checkpoint(self, url: str, old: int, extension: str = "") -> tuple[int, str]:
        proof = "".join(base64.b64encode(one).decode() + "\n" for one in self.consistency(old))
        status, answer = request(f"{url}/add-checkpoint", f"old {old}\n{proof}\n{self.note(extension)}".encode())
        return status, answer.decode()


def expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SystemExit(f"{what}: {found!r} instead of {expected!r}")
    print(f"{what}: {found}", flush=True)


def cosign_a_plain_log(programs: pathlib.Path, folder: pathlib.Path) -> None:
    log, fork = PlainLog(), PlainLog()
    logs = folder / "plain-logs"
    logs.write_text(f"log {vkey_of(log.key)} http://127.0.0.1:9/log\n")
    words = [str(programs / "cairn-witness"), "--data", str(folder / "plain-witness")]
    subprocess.run([*words, "init", "--name", "w.test/plain"], check=True, stdout=subprocess.DEVNULL)
    witness = Program(folder, "plain-witness", words, ["--name", "w.test/plain", "--logs", str(logs)])
    key = verify.parse_vkey(request(f"{witness.url()}/vkey")[1].decode().strip(), (4,))
    size = 0
    for new, extension in ((1, ""), (1, ""), (7, ""), (8, "an extension line\n"), (700, "")):
        log.grow(new)
        status, line = log.add_checkpoint(witness.url(), size, extension)
        expect(f"a plain log from {size} to {new}", status, 200)
        checkpoint = verify.parse_checkpoint((log.note(extension) + line).encode(), extensions=True)
        times = [verify.cosignature_time(checkpoint, key, one, "cosignature") for one in checkpoint.signatures_of(key)]
        expect("its cosignature is of now", len(times) == 1 and abs(times[0] - time.time()) < 60, True)
        size = new
        if new == 7:
            witness.stop(signal.SIGKILL)
            witness.start()
    expect("from a size of long ago", log.add_checkpoint(witness.url(), 7), (409, "700\n"))
    fork.leaves = [verify.log_leaf(b"fork")]
    fork.grow(701)
    expect("a larger fork", fork.add_checkpoint(witness.url(), 700)[0], 422)
    fork.leaves.pop()
    expect("a fork of the same size", fork.add_checkpoint(witness.url(), 700)[0], 422)
    expect("and after that nothing more", log.add_checkpoint(witness.url(), 700)[0], 422)
    witness.stop()


# ---------------------------------------------------------------------------------------------------------------------
# A directory of ours.


class Domain:
    def __init__(self, programs: pathlib.Path, folder: pathlib.Path, litewitness: pathlib.Path | None) -> None:
        self.programs, self.folder = programs, folder
        self.policy, self.people = folder / "policy", 0
        server_policy = folder / "server-policy"
        server_policy.write_text("quorum none\n")
        options = ["--domain", "localhost", "--policy", str(server_policy), "--sign-up", "open"]
        self.server = Program(folder, "cairnd", [str(programs / "cairnd"), "--data", str(folder / "cairnd")], options)
        facts = json.loads(request(f"{self.server.url()}/.well-known/cairn")[1])["log"]
        self.vkey, self.path = facts["vkey"], facts["path"]
        self.server.stop()
        self.cosigners = [self._cosigner(role) for role in ("witness", "auditor")]
        self.lite = Litewitness(litewitness, folder, self.vkey) if litewitness else None
        lines = [(name, request(f"{one.url()}/vkey")[1].decode().strip(), one.url())
                 for name, one in zip(("w1", "a1"), self.cosigners)]  # fmt: skip
        lines += [("w2", self.lite.vkey(), self.lite.url())] if self.lite else []
        witnesses = " ".join(name for name, _, _ in lines if name[0] == "w")
        groups = f"group witnesses all {witnesses}\ngroup auditors all a1\n"
        groups += "group all all witnesses auditors\nquorum all\n"
        self.policy.write_text("".join(f"witness {name} {vkey}\n" for name, vkey, _ in lines) + groups)
        server_policy.write_text("".join(f"witness {name} {vkey} {url}\n" for name, vkey, url in lines) + groups)
        self.server.start()

    def _cosigner(self, role: str) -> Program:
        logs = self.folder / "logs"
        logs.write_text(f"log {self.vkey} {self.server.url()}{self.path}\n")
        words = [str(self.programs / "cairn-witness"), "--data", str(self.folder / role)]
        subprocess.run([*words, "init", "--role", role, "--name", f"{role}.test"], check=True, stdout=subprocess.DEVNULL)
        return Program(self.folder, role, words, ["--role", role, "--name", f"{role}.test", "--logs", str(logs)])

    def register(self) -> None:
        self.people += 1
        words = [self.programs / "cairn", "--data", self.folder / f"device{self.people}", "--json", "register",
                 f"person{self.people}@localhost", "--server", self.server.url(), "--policy", self.policy]  # fmt: skip
        subprocess.run(words, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)

    def read(self, what: str) -> int:
        """What verify.py says of the log as it is served now; its size."""
        state = self.folder / "state"
        source = self.server.url() + self.path
        expect(what, verify.run_tiles(source, self.vkey, str(self.policy), str(state), plain=False), 0)
        return int(json.loads(state.read_text())["size"])


def follow_a_domain(domain: Domain) -> None:
    domain.register()
    size = domain.read("the log with a first name")
    for _ in range(2):
        domain.register()
    grown = domain.read("after it grew")
    expect("it is larger", grown > size, True)
    domain.server.stop(signal.SIGKILL)
    if domain.lite:
        domain.lite.stop()
        domain.lite.start()
    domain.server.start()
    expect("as it was, after a kill", domain.read("the log after a kill") >= grown, True)
    domain.register()
    expect("and larger again", domain.read("the log that grew after a kill") > grown, True)


def main() -> int:
    programs = pathlib.Path(sys.argv[1])
    litewitness = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="cairn-served-") as name:
        folder = pathlib.Path(name)
        try:
            if not litewitness:
                cosign_a_plain_log(programs, folder)
            follow_a_domain(Domain(programs, folder, litewitness))
        finally:
            for process in STARTED:
                if process.poll() is None:
                    process.kill()
                    process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
