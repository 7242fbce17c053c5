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

const reinitToAsk = ({ groupId, suite }) => ({ group_id: hex(groupId), suite: suite.id })

/// One of our clients. ts_mls_1.js and ts_mls_2.js have the same face.
export class OurClient {
  constructor(peer, suite, name, id) {
    Object.assign(this, { peer, suite, name, id, ours: true })
  }
  static async make(peer, suite, name) {
    const id = `${name} in ${suite.id}, ${(peer.made = (peer.made ?? 0) + 1)}`
    await peer.ask({ op: "client", client: id, suite: suite.id, person: name })
    return new OurClient(peer, suite, name, id)
  }
  ask(op, rest = {}) {
    return this.peer.ask({ op, client: this.id, ...rest })
  }

  async keyPackage() {
    return fromHex((await this.ask("key_package")).key_package)
  }
  create(groupId) {
    return this.ask("create", { group_id: hex(groupId) })
  }
  /// `before` is this person's client in the group that the new one follows from.
  join({ welcome, tree, before }) {
    const beside = { ...(tree && { tree: hex(tree) }), ...(before && { before: before.id }) }
    return this.ask("join", { welcome: hex(welcome), ...beside })
  }
  /// Starts the group that follows from the one of `before`: as its ReInit says, or as a branch with the id `branch`.
  async succeed({ before, members, branch }) {
    const request = { before: before.id, members: members.map(hex), ...(branch && { branch: hex(branch) }) }
    return this.made(await this.ask("succeed", request))
  }
  /// Comes in by itself; returns the commit.
  async joinExternal({ groupInfo, tree, replaces }) {
    const request = { group_info: hex(groupInfo), ...(tree && { tree: hex(tree) }) }
    if (replaces !== undefined) request.replaces = replaces
    return fromHex((await this.ask("join_external", request)).commit)
  }
  /// A commit that waits for accept() or discard(): {commit, welcome(i) for the i-th newcomer, tree}.
  async commit({ adds = [], removes = [], externalPsks = [], resumptionPsks = [], path = true, reinit, ...how } = {}) {
    const made = await this.ask("commit", {
      ...(reinit && { reinit: reinitToAsk(reinit) }),
      adds: adds.map(hex),
      removes,
      external_psks: externalPsks.map(hex),
      resumption_psks: resumptionPsks.map(({ groupId, epoch }) => ({ group_id: hex(groupId), epoch })),
      path,
      public: how.public ?? false,
      tree_beside: how.treeBeside ?? false,
    })
    return this.made(made)
  }
  made({ commit, welcomes, tree }) {
    return { commit: fromHex(commit), welcome: (i) => fromHex(welcomes[i]), tree: fromHex(tree) }
  }
  discard() {
    return this.ask("discard")
  }
  accept() {
    return this.ask("merge")
  }
  /// {add: key package}, {remove: leaf}, {externalPsk: id}, {reinit: ...} or {update: true}; returns the message.
  async propose({ add, remove, externalPsk, reinit, ...how }) {
    const what = { ...(add && { add: hex(add) }), ...(remove !== undefined && { remove }) }
    if (externalPsk) what.external_psk = hex(externalPsk)
    if (reinit) what.reinit = reinitToAsk(reinit)
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
