// What is played in every suite: a name, and a function of a fresh Village.
import assert from "node:assert/strict"
import { utf8 } from "./bytes.js"
import { Village } from "./village.js"

/// A group of `ours` + `theirs` clients that was made by the first of them; {ours: [...], theirs: [...]}.
async function settle(village, { ours, theirs, founder }) {
  const out = { ours: [], theirs: [] }
  while (out.ours.length < ours) out.ours.push(await village.ours())
  while (out.theirs.length < theirs) out.theirs.push(await village.theirs())
  const first = out[founder][0]
  await village.create(first)
  const rest = [...out.ours, ...out.theirs].filter((client) => client !== first)
  for (const newcomer of rest) assert(await village.commit(first, { adds: [newcomer] }))
  return out
}

const bothFormats = [{ public: false }, { public: true }]

export const scenarios = {
  async "they create, we join"(village) {
    const [theirs, ours] = [await village.theirs(), await village.ours()]
    await village.create(theirs)
    assert(await village.commit(theirs, { adds: [ours] }))
    await village.talk()
  },

  async "we create, they join"(village) {
    const [ours, theirs] = [await village.ours(), await village.theirs()]
    await village.create(ours)
    assert(await village.commit(ours, { adds: [theirs] }))
    await village.talk()
  },

  async "the tree beside the Welcome"(village) {
    const [ours, theirs] = [await village.ours(), await village.theirs()]
    await village.create(ours)
    assert(await village.commit(ours, { adds: [theirs], treeBeside: true }))
    assert(await village.commit(theirs, { adds: [await village.ours(), await village.theirs()], treeBeside: true }))
    await village.talk()
  },

  async "many come in at once, with and without a path"(village) {
    const ours = await village.ours()
    await village.create(ours)
    assert(await village.commit(ours, { adds: [await village.theirs(), await village.ours(), await village.theirs()] }))
    await village.talk()
    const theirs = village.members[1]
    assert(await village.commit(theirs, { adds: [await village.ours(), await village.theirs()] }))
    assert(await village.commit(ours, { adds: [await village.theirs(), await village.ours()], path: false }))
    await village.talk()
  },

  async "new keys by commits, public and private"(village) {
    const { ours, theirs } = await settle(village, { ours: 2, theirs: 2, founder: "theirs" })
    for (const format of bothFormats) {
      for (const member of [...ours, ...theirs]) await village.commit(member, format)
      await village.talk()
    }
  },

  async "new keys by proposals"(village) {
    const { ours, theirs } = await settle(village, { ours: 3, theirs: 3, founder: "ours" })
    for (const format of bothFormats) {
      await village.propose(theirs[0], { update: true, ...format })
      await village.propose(ours[0], { update: true, ...format })
      await village.commit(ours[1], format)
      await village.talk()
      await village.propose(theirs[0], { update: true, ...format })
      await village.propose(ours[0], { update: true, ...format })
      await village.commit(village.suite.dialect.quirks.cannotCommitUpdates ? ours[1] : theirs[1], format)
      await village.talk()
    }
  },

  async "members leave"(village) {
    const { ours, theirs } = await settle(village, { ours: 4, theirs: 4, founder: "theirs" })
    await village.commit(ours[0], { removes: [theirs[3]] })
    await village.talk()
    await village.commit(theirs[0], { removes: [ours[3], theirs[2]] })
    await village.talk()
    await village.commit(ours[1], { removes: [theirs[0], ours[0]], public: true })
    await village.talk()
    assert(await village.commit(theirs[1], { adds: [await village.ours()] }))
    await village.talk()
  },

  async "adds and removes by proposals"(village) {
    const { ours, theirs } = await settle(village, { ours: 3, theirs: 3, founder: "ours" })
    await village.freshen()
    await village.propose(theirs[0], { add: await village.ours() })
    await village.propose(ours[0], { add: await village.theirs(), public: true })
    assert(await village.commit(ours[1], { path: false }))
    await village.propose(theirs[0], { remove: ours[0] })
    await village.propose(ours[2], { remove: theirs[2] })
    await village.commit(theirs[1])
    await village.talk()
    await village.freshen()
    await village.propose(ours[1], { add: await village.theirs(), public: true })
    assert(await village.commit(theirs[1]))
    await village.propose(theirs[0], { add: await village.ours() })
    await village.commit(theirs[1])
    await village.talk()
  },

  async "pre-shared keys that were handed out"(village) {
    const { ours, theirs } = await settle(village, { ours: 2, theirs: 2, founder: "ours" })
    const newcomers = [await village.ours(), await village.theirs(), await village.ours(), await village.theirs()]
    const ids = [utf8("one"), utf8("another")]
    for (const client of [...village.members, ...newcomers]) {
      for (const id of ids) await client.addPsk(id, utf8("a secret that all know"))
    }
    await village.commit(ours[0], { externalPsks: [ids[0]] })
    await village.commit(theirs[0], { externalPsks: [ids[0]], public: true })
    assert(await village.commit(ours[1], { externalPsks: ids, adds: newcomers.slice(0, 2) }))
    assert(await village.commit(theirs[1], { externalPsks: ids, adds: newcomers.slice(2) }))
    await village.talk()
    await village.propose(ours[0], { externalPsk: ids[1] })
    await village.commit(theirs[0])
    await village.propose(theirs[1], { externalPsk: ids[0], public: true })
    await village.commit(ours[1])
    await village.talk()
  },

  async "resumption keys of this and a former epoch"(village) {
    const { ours, theirs } = await settle(village, { ours: 2, theirs: 2, founder: "theirs" })
    const committers = village.suite.dialect.quirks.cannotCommitResumptionPsk ? ours : [ours[0], theirs[1]]
    for (const committer of committers) {
      await village.commit(committer)
      const { epoch } = await committer.state()
      const keys = [epoch, epoch - 1].map((of) => ({ groupId: village.groupId, epoch: of }))
      await village.commit(committer, { resumptionPsks: keys.slice(0, 1) })
      await village.commit(committer, { resumptionPsks: keys })
      await village.talk()
    }
  },

  async "coming in by external commits, and coming back"(village) {
    const { ours, theirs } = await settle(village, { ours: 1, theirs: 1, founder: "ours" })
    const [newOurs, newTheirs] = [await village.ours(), await village.theirs()]
    await village.comeIn(newTheirs, ours[0])
    await village.comeIn(newOurs, theirs[0])
    await village.talk()
    await village.comeIn(await village.theirs(), newTheirs, { treeBeside: true })
    await village.comeIn(await village.ours(), newOurs, { treeBeside: true })
    await village.talk()
    await village.comeIn(theirs[0], ours[0], { resync: true })
    await village.comeIn(ours[0], theirs[0], { resync: true })
    await village.talk()
    assert(await village.commit(newTheirs, { adds: [await village.ours()] }))
    await village.talk()
  },

  async "going on in another suite after a ReInit"(village) {
    const { other } = village.suite
    for (const [ender, starter] of [["ours", "theirs"], ["theirs", "ours"], ["ours", "ours"], ["theirs", "theirs"]]) {
      const round = new Village(village.peer, village.suite, `${village.label}: ${ender}, ${starter}`)
      const people = await settle(round, { ours: 2, theirs: 2, founder: starter })
      const groupId = utf8(`after ${round.label}`)
      await round.commit(people[ender][1], { reinit: { groupId, suite: other }, public: ender === starter })
      await round.expectEnded()
      const next = await round.succeed(people[starter][0], { suite: other })
      await next.talk()
      assert(await next.commit(next.members[1], { adds: [await next.ours()] }))
      await next.talk()
    }
  },

  async "a ReInit that was proposed"(village) {
    const { ours, theirs } = await settle(village, { ours: 2, theirs: 2, founder: "ours" })
    await village.propose(ours[0], { reinit: { groupId: utf8("after a proposal"), suite: village.suite } })
    await village.commit(theirs[1])
    await village.expectEnded()
    const next = await village.succeed(ours[1])
    await next.talk()
    await next.propose(next.members[2], { reinit: { groupId: utf8("after another"), suite: village.suite } })
    await next.commit(next.members[0])
    await (await next.succeed(next.members[3])).talk()
  },

  async "branches"(village) {
    const { ours, theirs } = await settle(village, { ours: 3, theirs: 3, founder: "theirs" })
    for (const starter of [ours[0], theirs[0]]) {
      const members = [ours[0], theirs[0], ours[2], theirs[2]]
      const branch = await village.succeed(starter, { members, branch: utf8(`branch of ${starter.name}`) })
      await branch.talk()
      assert(await branch.commit(branch.members[1], { adds: [await branch.ours()] }))
      await branch.talk()
      await village.talk()
    }
  },

  async "messages that come late"(village) {
    const { ours, theirs } = await settle(village, { ours: 2, theirs: 2, founder: "theirs" })
    const words = new Map()
    for (const speaker of [ours[0], theirs[0]]) {
      const said = []
      for (let i = 0; i < 8; i += 1) said.push(await speaker.protect(utf8(`${i}`)))
      words.set(speaker, said)
    }
    const hear = async (which) => {
      for (const [speaker, said] of words) {
        for (const i of which) {
          for (const listener of village.others(speaker)) {
            assert.equal(Buffer.from((await listener.process(said[i])).plaintext).toString(), `${i}`)
          }
        }
      }
    }
    await hear([3, 0, 2])
    await village.commit(theirs[1])
    await village.commit(ours[1])
    await hear([7, 1, 6])
    await village.talk()
  },

  async "what departs from the RFC is refused"(village) {
    const { quirks } = village.suite.dialect
    const { ours, theirs } = await settle(village, { ours: 3, theirs: 2, founder: "theirs" })
    // RFC 9420 s.12.4: a commit with GroupContextExtensions, or with a Remove, has a path.
    const change = await theirs[0].commit({ extensions: [] })
    await assert.rejects(ours[0].process(change.commit), /commit without the path/)
    if (!quirks.loneRemoveLacksPath) return
    const lone = await theirs[0].commit({ removes: [await village.leaf(ours[1])] })
    await assert.rejects(ours[0].process(lone.commit), /commit without the path/)
    // RFC 9420 s.12.4.1: the path is for the keys that the proposals lead to; this one is for those before.
    await village.propose(ours[1], { update: true })
    await village.propose(ours[2], { update: true })
    const old = await theirs[0].commit()
    await assert.rejects(ours[1].process(old.commit), /crypto_failed/)
    assert(await village.commit(ours[0]))
    await village.talk()
  },
}
