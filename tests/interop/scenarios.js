// What is played in every suite: a name, and a function of a fresh Village.

export const scenarios = {
  async "they create, we join"(village) {
    const [theirs, ours] = [await village.theirs(), await village.ours()]
    await village.create(theirs)
    await village.commit(theirs, { adds: [ours] })
    await village.talk()
  },
}
