// Random steps from a seed: what the scenarios do one by one, in any order.
import { utf8 } from "./bytes.js"

const smallest = 3
const largest = 12

/// mulberry32: the same seed gives the same numbers everywhere.
function randomNumbers(seed) {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

class Walk {
  constructor(village, seed) {
    Object.assign(this, { village, below: randomNumbers(seed), quirks: village.suite.dialect.quirks, counts: {} })
  }
  any(list) {
    return list[this.below(list.length)]
  }
  /// A member, or one of `kind` ("ours", "theirs").
  member(kind) {
    return this.any(kind === undefined ? this.village.members : this.of(kind))
  }
  of(kind) {
    return this.village.members.filter(({ ours }) => ours === (kind === "ours"))
  }
  coin() {
    return this.below(2) === 0
  }
  how() {
    return { public: this.coin(), treeBeside: this.coin() }
  }
  newcomer() {
    return this.coin() ? this.village.ours() : this.village.theirs()
  }

  async talk() {
    await this.village.say(this.member())
  }
  async update() {
    await this.village.commit(this.member(), this.how())
  }
  async add() {
    const committer = this.member()
    const path = this.coin()
    if (await this.village.commit(committer, { adds: [await this.newcomer()], path, ...this.how() })) return
    await this.village.commit(committer, { adds: [await this.village.ours()], path, ...this.how() })
    return "add one of ours instead"
  }
  /// One of each kind stays.
  leavers(count) {
    const out = []
    for (const kind of ["ours", "theirs"]) out.push(...this.of(kind).slice(1))
    while (out.length > count) out.splice(this.below(out.length), 1)
    return out
  }
  async remove() {
    const removes = this.leavers(1 + this.below(2))
    let committers = this.village.members.filter((member) => !removes.includes(member))
    if (this.quirks.loneRemoveLacksPath && removes.length === 1) committers = committers.filter(({ ours }) => ours)
    if (removes.length > 0) await this.village.commit(this.any(committers), { removes, ...this.how() })
  }
  async propose() {
    const committer = this.quirks.cannotCommitUpdates ? this.member("ours") : this.member()
    const others = this.village.others(committer)
    const proposers = others.filter(() => this.coin())
    for (const proposer of proposers) await this.village.propose(proposer, { update: true, ...this.how() })
    const left = this.leavers(1).filter((member) => member !== committer && !proposers.includes(member))
    for (const remove of left) await this.village.propose(this.any(others), { remove, ...this.how() })
    await this.village.propose(this.any(others), { add: await this.village.ours(), ...this.how() })
    await this.village.commit(committer, this.how())
  }
  async psk() {
    const id = utf8(`psk ${this.below(1000)}`)
    const key = utf8(`key of ${this.below(1000)}`)
    for (const member of this.village.members) await member.addPsk(id, key)
    await this.village.commit(this.member(), { externalPsks: [id], ...this.how() })
  }
  async resume() {
    const committer = this.quirks.cannotCommitResumptionPsk ? this.member("ours") : this.member()
    const { epoch } = await committer.state()
    const resumptionPsks = [{ groupId: this.village.groupId, epoch }]
    await this.village.commit(committer, { resumptionPsks, ...this.how() })
  }
  async comeIn() {
    const helper = this.member()
    const acceptable = this.village.theyAccept((await helper.state()).tree)
    const newcomer = acceptable ? await this.newcomer() : await this.village.ours()
    await this.village.comeIn(newcomer, helper, { treeBeside: this.coin() })
  }
  async comeBack() {
    const helper = this.member()
    const acceptable = this.village.theyAccept((await helper.state()).tree)
    const candidates = this.village.others(helper).filter(({ ours }) => ours || acceptable)
    if (candidates.length === 0) return "nobody can"
    await this.village.comeIn(this.any(candidates), helper, { resync: true, treeBeside: this.coin() })
  }

  /// What may be done now.
  choices() {
    const always = ["talk", "talk", "update", "update", "psk", "resume", "comeBack"]
    const size = this.village.members.length
    if (size < largest) always.push("add", "add", "propose", "comeIn")
    if (size > smallest) always.push("remove", "remove")
    return always
  }
  async step() {
    const choice = this.any(this.choices())
    const instead = await this[choice]()
    const name = instead ?? choice
    this.counts[name] = (this.counts[name] ?? 0) + 1
    return name
  }
}

/// A scenario: `count` steps from `seed`; all members agree after each. What was done is told, or where it broke.
export function randomSteps(seed, count) {
  return async (village) => {
    const walk = new Walk(village, seed)
    const ours = await village.ours()
    await village.create(ours)
    await village.commit(ours, { adds: [await village.theirs(), await village.ours(), await village.theirs()] })
    for (let i = 1; i <= count; i += 1) {
      try {
        await walk.step()
      } catch (error) {
        error.message = `at step ${i} from seed ${seed}: ${error.message}`
        throw error
      }
      if (i % 20 === 0) await village.talk()
    }
    return Object.entries(walk.counts).map(([name, times]) => `${name} ${times}`).join(", ")
  }
}
