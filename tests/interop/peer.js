// core/mls, behind the pipe of mls_peer.cpp.
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fromHex, hex } from "./bytes.js"

/// The process; its clients live in it.
export class Peer {
  constructor(program, seed) {
    const now = Math.floor(Date.now() / 1000)
    this.process = spawn(program, [String(seed), String(now)], { stdio: ["pipe", "pipe", "inherit"] })
    this.waiting = []
    createInterface({ input: this.process.stdout }).on("line", (line) => this.waiting.shift()(line))
    this.process.on("close", () => this.waiting.forEach((give) => give('{"error":"gone","where":"the process"}')))
  }

  async ask(request) {
    const line = new Promise((give) => this.waiting.push(give))
    this.process.stdin.write(JSON.stringify(request) + "\n")
    const answer = JSON.parse(await line)
    if (answer.error) throw new Error(`mls-peer: ${request.op} by ${request.client}: ${answer.error}, ${answer.where}`)
    return answer.ok
  }

  close() {
    this.process.stdin.end()
  }
}

/// One of our clients. ts_mls_1.js and ts_mls_2.js have the same face.
export class OurClient {
  constructor(peer, suite, name) {
    Object.assign(this, { peer, suite, name, ours: true })
  }
  static async make(peer, suite, name) {
    await peer.ask({ op: "client", client: name, suite: suite.id })
    return new OurClient(peer, suite, name)
  }
  ask(op, rest = {}) {
    return this.peer.ask({ op, client: this.name, ...rest })
  }

  async keyPackage() {
    return fromHex((await this.ask("key_package")).key_package)
  }
  create(groupId) {
    return this.ask("create", { group_id: hex(groupId) })
  }
  join({ welcome, tree }) {
    return this.ask("join", { welcome: hex(welcome), ...(tree && { tree: hex(tree) }) })
  }
  /// Comes in by itself; returns the commit.
  async joinExternal({ groupInfo, tree, replaces }) {
    const request = { group_info: hex(groupInfo), ...(tree && { tree: hex(tree) }) }
    if (replaces !== undefined) request.replaces = replaces
    return fromHex((await this.ask("join_external", request)).commit)
  }
  /// A commit that waits for accept() or discard(): {commit, welcome(i) for the i-th newcomer, tree}.
  async commit({ adds = [], removes = [], externalPsks = [], resumptionPsks = [], path = true, ...how } = {}) {
    const made = await this.ask("commit", {
      adds: adds.map(hex),
      removes,
      external_psks: externalPsks.map(hex),
      resumption_psks: resumptionPsks.map(({ groupId, epoch }) => ({ group_id: hex(groupId), epoch })),
      path,
      public: how.public ?? false,
      tree_beside: how.treeBeside ?? false,
    })
    return { commit: fromHex(made.commit), welcome: (i) => fromHex(made.welcomes[i]), tree: fromHex(made.tree) }
  }
  discard() {
    return this.ask("discard")
  }
  accept() {
    return this.ask("merge")
  }
  /// {add: key package}, {remove: leaf} or {update: true}; returns the message.
  async propose({ add, remove, ...how }) {
    const what = add ? { add: hex(add) } : remove !== undefined ? { remove } : {}
    return fromHex((await this.ask("propose", { ...what, public: how.public ?? false })).proposal)
  }
  /// {kind: "application", plaintext, authenticatedData}, {kind: "proposal"} or {kind: "commit"}, which is merged.
  async process(message) {
    const got = await this.ask("process", { message: hex(message) })
    if (got.kind !== "application") return { kind: got.kind }
    return {
      kind: got.kind,
      plaintext: fromHex(got.plaintext),
      authenticatedData: fromHex(got.authenticated_data),
    }
  }
  async protect(plaintext, authenticatedData = new Uint8Array()) {
    const request = { plaintext: hex(plaintext), authenticated_data: hex(authenticatedData) }
    return fromHex((await this.ask("protect", request)).message)
  }
  async groupInfo({ treeBeside = false } = {}) {
    return fromHex((await this.ask("group_info", { tree_beside: treeBeside })).group_info)
  }
  async addPsk(id, key) {
    await this.ask("add_psk", { id: hex(id), key: hex(key) })
  }
  /// What all members must agree on, and what is our own: {shared, leaf, members, active, epoch, tree}.
  async state() {
    const { epoch, authenticator, exported, tree, members, ...own } = await this.ask("state")
    return { shared: { epoch, authenticator, exported, tree, members }, epoch, members, tree: fromHex(tree), ...own }
  }
}
