// A group of clients of both kinds, and the channel that brings every message to everybody in one order.
import assert from "node:assert/strict"
import { OurClient } from "./peer.js"
import { TheirClient, theyAccept } from "./their_client.js"
import { utf8 } from "./bytes.js"

export class Village {
  /// `peer` holds our clients.
  constructor(peer, suite, label) {
    Object.assign(this, { peer, suite, label, members: [], made: 0, said: 0 })
    this.proposed = { adds: [], removes: [] }
    this.groupId = utf8(label)
  }
  ours() {
    return OurClient.make(this.peer, this.suite, `ours ${++this.made} of ${this.label}`)
  }
  theirs() {
    return TheirClient.make(this.suite, `theirs ${++this.made} of ${this.label}`)
  }
  others(client) {
    return this.members.filter((member) => member !== client)
  }
  async leaf(client) {
    return (await client.state()).leaf
  }

  async create(client) {
    await client.create(this.groupId)
    this.members = [client]
  }
  /// `committer` commits; everybody follows and agrees. `adds` and `removes` are clients; what was proposed goes in
  /// too. False, and nothing has changed, when a newcomer of theirs would wrongly refuse the tree.
  async commit(committer, { adds = [], removes = [], ...wish } = {}) {
    const packages = []
    for (const newcomer of adds) packages.push(await newcomer.keyPackage())
    const leaves = []
    for (const leaver of removes) leaves.push(await this.leaf(leaver))
    const made = await committer.commit({ adds: packages, removes: leaves, ...wish })
    const { proposed } = this
    const newcomers = [...proposed.adds, ...adds]
    if (newcomers.some(({ ours }) => !ours) && !this.theyAccept(made.tree)) {
      await committer.discard()
      return false
    }
    this.proposed = { adds: [], removes: [] }
    await this.deliver(committer, made, {
      adds: newcomers,
      removes: [...proposed.removes, ...removes],
      treeBeside: wish.treeBeside,
    })
    return true
  }
  theyAccept(tree) {
    return theyAccept(this.suite.dialect.decodeTree(tree))
  }
  /// Everybody gets new keys, so that no leaf is unmerged anywhere.
  async freshen() {
    for (const member of this.members) await this.commit(member)
  }
  async deliver(committer, made, { adds = [], removes = [], treeBeside = false }) {
    for (const member of this.others(committer)) {
      if (!removes.includes(member)) assert.equal((await member.process(made.commit)).kind, "commit")
      else if (member.ours || !this.cannotReadRemoval(adds)) await this.tellOfRemoval(member, made.commit)
    }
    await committer.accept()
    for (const [i, newcomer] of adds.entries()) {
      await newcomer.join({ welcome: made.welcome(i), ...(treeBeside && { tree: made.tree }) })
    }
    this.members = this.members.filter((member) => !removes.includes(member)).concat(adds)
    await this.agree()
  }
  async tellOfRemoval(member, commit) {
    await member.process(commit)
    assert.equal((await member.state()).active, false)
  }
  /// Theirs do not see that they were removed when a newcomer takes their leaf at once.
  cannotReadRemoval(adds) {
    return this.suite.dialect.quirks.cannotReadItsOwnRemoval || adds.length > 0
  }
  /// A proposal that all others keep for the next commit.
  async propose(proposer, { add, remove, ...how }) {
    const what = { ...how }
    if (add) what.add = await add.keyPackage()
    if (remove) what.remove = await this.leaf(remove)
    const message = await proposer.propose(what)
    for (const member of this.others(proposer)) assert.equal((await member.process(message)).kind, "proposal")
    if (add) this.proposed.adds.push(add)
    if (remove) this.proposed.removes.push(remove)
  }
  /// `newcomer` comes in with what `helper` gives it; `former` is its own leaf from before.
  async comeIn(newcomer, helper, { resync = false, treeBeside = false } = {}) {
    const replaces = resync ? await this.leaf(newcomer) : undefined
    const groupInfo = await helper.groupInfo({ treeBeside })
    const tree = treeBeside ? (await helper.state()).tree : undefined
    const rest = this.others(newcomer)
    const commit = await newcomer.joinExternal({ groupInfo, tree, replaces })
    for (const member of rest) assert.equal((await member.process(commit)).kind, "commit")
    this.members = [...rest, newcomer]
    await this.agree()
  }
  async expectEnded() {
    for (const member of this.members) assert((await member.state()).reinit, `${member.name} goes on`)
  }
  /// The village that follows from this one, started by `starter`: all members in `suite` as the ReInit says, or those
  /// of `members` in a branch with the id `branch`.
  async succeed(starter, { suite = this.suite, members = this.members, branch } = {}) {
    const next = new Village(this.peer, suite, `what follows from ${this.label}`)
    const again = ({ ours, name }) => (ours ? OurClient.make(this.peer, suite, name) : TheirClient.make(suite, name))
    const founder = await again(starter)
    next.members.push(founder)
    const others = members.filter((member) => member !== starter)
    const packages = []
    for (const member of others) {
      next.members.push(await again(member))
      packages.push(await next.members.at(-1).keyPackage())
    }
    const { welcome, tree } = await founder.succeed({ before: starter, members: packages, branch })
    for (const [i, before] of others.entries()) await next.members[i + 1].join({ welcome: welcome(i), tree, before })
    await founder.accept()
    await next.agree()
    return next
  }
  /// Everybody says something, and all others read it.
  async talk() {
    for (const member of this.members) await this.say(member)
  }
  async say(speaker) {
    const text = utf8(`word ${++this.said} of ${speaker.name}`)
    const data = utf8(`data ${this.said}`)
    const message = await speaker.protect(text, data)
    for (const listener of this.others(speaker)) {
      const got = await listener.process(message)
      assert.equal(got.kind, "application")
      assert.deepEqual(Buffer.from(got.plaintext), Buffer.from(text))
      assert.deepEqual(Buffer.from(got.authenticatedData), Buffer.from(data))
    }
  }
  /// Equal epochs, authenticators, exported secrets, trees and members; and each knows its own leaf.
  async agree() {
    const first = await this.members[0].state()
    assert.equal(first.members.length, this.members.length)
    for (const member of this.members) {
      const state = await member.state()
      assert.deepEqual(state.shared, first.shared, `${member.name} differs from ${this.members[0].name}`)
      assert.equal(state.members.find(({ leaf }) => leaf === state.leaf)?.name, member.name)
    }
  }
}
