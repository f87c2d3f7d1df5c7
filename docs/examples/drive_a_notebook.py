"""Opens a notebook of a running `beamlike serve`, adds a cell, runs all that is outdated and prints what it shows:

python drive_a_notebook.py "$(beamlike api socket ~/notebooks)" cats.livemd "6 * 7"
"""

import json
import socket
import sys
from itertools import count


class Server:
    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self.lines = connection.makefile("rw", encoding="utf-8", newline="\n")
        self.ids = count(1)
        self.call("hello", protocol=1, client="drive_a_notebook")

    def call(self, method, **params):
        id = next(self.ids)
        print(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}), file=self.lines, flush=True)
        answer = json.loads(self.lines.readline())
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']['message']}")
        return answer["result"]


server = Server(sys.argv[1])
notebook = server.call("open", path=sys.argv[2], create=True)["notebook"]
server.call("insert", notebook=notebook, source=sys.argv[3])
run = server.call("run", notebook=notebook, which="outdated")["run"]
for cell in server.call("await", notebook=notebook, run=run, seconds=60)["cells"]:
    for output in cell["outputs"]:
        print(f"cell {cell['label']}, {cell['status']}: {output.get('text') or output.get('message')}".rstrip())
print("saved to", server.call("save", notebook=notebook)["path"])
