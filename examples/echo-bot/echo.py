#!/usr/bin/env python3
"""Says everything again: echo.py [--cursor FILE] COMMAND..., where COMMAND speaks JSON-RPC, as `cairn rpc` does."""
import json
import os
import subprocess
import sys


class Client:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.count = 0
        self.notices = []

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The client has ended.")
        return json.loads(line)

    def ask(self, method, **params):
        """The result, or the error as a dictionary with `message`."""
        self.count += 1
        request = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                return answer.get("result", answer.get("error"))
            self.notices.append(answer)

    def notice(self):
        return self.notices.pop(0) if self.notices else self.receive()


def kept_cursor(path):
    return int(open(path).read()) if os.path.exists(path) else 0


def keep_cursor(path, cursor):
    with open(path + ".new", "w") as file:
        file.write(str(cursor))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def answer(client, message):
    if message["delivery"] != "received" or "unsent" in message or "edited_ms" in message:
        return
    if message["sender"] == client.ask("status")["name"]:
        return  # said on another device of ours
    if message.get("request"):
        client.ask("request.accept", conversation=message["conversation"])
    # Kept for later where the server is not reached, so there is nothing more to do with the answer.
    client.ask("send", to=message["conversation"], text=message["text"], key="echo " + message["id"][:48])


def main(arguments):
    path = "echo.cursor"
    if arguments[:1] == ["--cursor"]:
        path, arguments = arguments[1], arguments[2:]
    client = Client(arguments)
    client.ask("follow", since=kept_cursor(path))
    while True:
        notice = client.notice()
        if notice["method"] == "message":
            answer(client, notice["params"])
            keep_cursor(path, notice["params"]["cursor"])


if __name__ == "__main__":
    main(sys.argv[1:])
