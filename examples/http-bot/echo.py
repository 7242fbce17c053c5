#!/usr/bin/env python3
"""Says everything again, over HTTP: echo.py FOLDER [PORT], while `cairn --data FOLDER daemon --http` runs."""
import json
import sys
import urllib.request

folder, port = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "8460"
headers = {"Authorization": "Bearer " + open(folder + "/http-token").read().strip(), "Content-Type": "application/json"}


def call(path, request=None):
    body = json.dumps(request).encode() if request else None
    return urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:" + port + path, body, headers))


def ask(method, **params):
    return json.load(call("/rpc", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))


name = ask("status")["result"]["name"]
for line in call("/events?after=0"):  # every message there is and will be; id: lines are cursors to go on from
    said = json.loads(line[6:]) if line.startswith(b"data: ") else {}
    if said.get("delivery") == "received" and said["sender"] != name and "unsent" not in said:
        if said.get("request"):
            ask("request.accept", conversation=said["conversation"])
        ask("send", to=said["conversation"], text=said["text"], key="echo " + said["id"][:48])
