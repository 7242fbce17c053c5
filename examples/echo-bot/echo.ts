// Says everything again: node echo.js [--cursor FILE] COMMAND..., where COMMAND speaks JSON-RPC, as `cairn rpc` does.
import { spawn } from "node:child_process";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

interface Message {
  conversation: string;
  cursor: number;
  delivery: string;
  edited_ms?: number;
  id?: string;
  request?: boolean;
  sender: string;
  text: string;
  unsent?: boolean;
}

class Client {
  private count = 0;
  private readonly waiting = new Map<number, (answer: any) => void>();
  private readonly process;

  /** `onMessage` is called for one message after the other. */
  constructor(command: string[], onMessage: (message: Message) => Promise<void>) {
    this.process = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    let last = Promise.resolve();
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      const heard = JSON.parse(line);
      if (heard.method === "message") last = last.then(() => onMessage(heard.params));
      const answered = this.waiting.get(heard.id);
      this.waiting.delete(heard.id);
      answered?.(heard.result ?? heard.error);
    });
    this.process.on("exit", () => {
      console.error("The client has ended.");
      process.exit(1);
    });
  }

  /** The result, or the error as an object with `message`. */
  ask(method: string, params: object = {}): Promise<any> {
    const id = ++this.count;
    this.process.stdin.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }
}

const keptCursor = (path: string): number => (existsSync(path) ? Number(readFileSync(path, "utf8")) : 0);

function keepCursor(path: string, cursor: number): void {
  const file = openSync(path + ".new", "w");
  writeSync(file, String(cursor));
  fsyncSync(file);
  closeSync(file);
  renameSync(path + ".new", path);
}

async function answer(client: Client, message: Message): Promise<void> {
  if (message.delivery !== "received" || message.unsent || message.edited_ms || !message.id) return;
  if (message.sender === (await client.ask("status")).name) return; // said on another device of ours
  if (message.request) await client.ask("request.accept", { conversation: message.conversation });
  // Kept for later where the server is not reached, so there is nothing more to do with the answer.
  await client.ask("send", { to: message.conversation, text: message.text, key: "echo " + message.id.slice(0, 48) });
}

let words = process.argv.slice(2);
let path = "echo.cursor";
if (words[0] === "--cursor") {
  path = words[1];
  words = words.slice(2);
}
const client = new Client(words, async (message) => {
  await answer(client, message);
  keepCursor(path, message.cursor);
});
await client.ask("follow", { since: keptCursor(path) });
