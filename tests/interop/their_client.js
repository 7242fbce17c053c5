// A client of ts-mls with the face of OurClient in peer.js. What the two major versions of the package have in common
// is here; a dialect (ts_mls_1.js, ts_mls_2.js) says what differs. README.md tells what is worked around, and why.
import { opaque, unwrapped, utf8 } from "./bytes.js"

export class TheirClient {
  constructor({ dialect, implementation }, name) {
    Object.assign(this, { dialect, implementation, name, ours: false, psks: new Map(), updates: new Map() })
  }
  static async make(suite, name) {
    const client = new TheirClient(suite, name)
    client.signatureKeys = await suite.implementation.signature.keygen()
    return client
  }

  async keyPackage() {
    this.keys = await this.dialect.generateKeyPackage(this)
    return this.dialect.encode("key_package", this.keys.publicPackage)
  }
  async create(groupId) {
    this.keys = await this.dialect.generateKeyPackage(this)
    this.group = await this.dialect.createGroup(this, groupId)
  }
  /// `before` is this person's client in the group that the new one follows from.
  async join({ welcome, tree, before }) {
    const decoded = [this.decode("welcome", welcome), this.decodeTree(tree)]
    if (before) this.group = await this.dialect.joinSuccessor(this, before, ...decoded)
    else this.group = await this.dialect.joinGroup(this, ...decoded)
  }
  /// Starts the group that follows from the one of `before`: as its ReInit says, or as a branch with the id `branch`.
  async succeed({ before, members, branch }) {
    this.keys = await this.dialect.generateKeyPackage(this)
    const packages = members.map((message) => this.decode("key_package", message))
    const made = branch
      ? await this.dialect.branch(this, before, packages, branch)
      : await this.dialect.reinitialise(this, before, packages)
    return this.keep(made)
  }
  async joinExternal({ groupInfo, tree, replaces }) {
    this.keys = await this.dialect.generateKeyPackage(this)
    const info = this.decode("group_info", groupInfo)
    const resync = replaces !== undefined
    const made = await this.dialect.joinGroupExternal(this, unwrappingKeys(this), info, this.decodeTree(tree), resync)
    this.group = made.newState
    return this.dialect.encode("public_message", made.publicMessage)
  }
  async commit({ adds = [], removes = [], externalPsks = [], resumptionPsks = [], reinit, extensions, ...how } = {}) {
    const proposals = [
      ...(reinit ? [this.reinitProposal(reinit)] : []),
      ...(extensions ? [this.extensionsProposal(extensions)] : []),
      ...adds.map((add) => this.addProposal(add)),
      ...removes.map((leaf) => this.removeProposal(leaf)),
      ...externalPsks.map((id) => this.pskProposal(this.dialect.externalPsk(id))),
      ...resumptionPsks.map(({ groupId, epoch }) => this.pskProposal(this.dialect.resumptionPsk(groupId, epoch))),
    ]
    return this.keep(await this.dialect.createCommit(this, proposals, how))
  }
  keep({ newState, commit, welcome }) {
    this.pending = newState
    return { commit, welcome: () => welcome, tree: this.dialect.encodeTree(newState.ratchetTree) }
  }
  discard() {
    this.pending = undefined
  }
  accept() {
    this.group = this.pending
    this.updates.clear()
  }
  async propose({ add, remove, externalPsk, reinit, ...how }) {
    const proposal =
      (add && this.addProposal(add)) ??
      (remove !== undefined ? this.removeProposal(remove) : undefined) ??
      (externalPsk && this.pskProposal(this.dialect.externalPsk(externalPsk))) ??
      (reinit && this.reinitProposal(reinit)) ??
      (await this.updateProposal())
    const made = await this.dialect.createProposal(this, proposal, how)
    this.group = made.newState
    return made.message
  }
  async process(message) {
    const { contentType, body } = this.dialect.decode(message)
    const state = contentType === "commit" ? this.withNewLeafKey() : this.group
    const got = await this.dialect.process(this, state, body)
    this.group = got.newState
    if (contentType === "commit") this.updates.clear()
    if (contentType !== "application") return { kind: contentType }
    const { authenticatedData } = body.privateMessage
    return { kind: contentType, plaintext: got.message, authenticatedData }
  }
  async protect(plaintext, authenticatedData = new Uint8Array()) {
    const made = await this.dialect.protect(this, plaintext, authenticatedData)
    this.group = made.newState
    return made.message
  }
  /// The package leaves out a length inside of external_pub, so it is put there and the GroupInfo signed again.
  async groupInfo({ treeBeside = false } = {}) {
    const info = await this.dialect.groupInfo(this, treeBeside)
    const extensions = info.extensions.map((extension) =>
      extension.extensionType === this.dialect.words.external_pub
        ? { ...extension, extensionData: opaque(extension.extensionData) }
        : extension,
    )
    const { groupContext, confirmationTag, signer } = info
    const content = { groupContext, extensions, confirmationTag, signer }
    return this.dialect.encode(
      "group_info",
      await this.dialect.signGroupInfo(content, this.group.signaturePrivateKey, this.implementation.signature),
    )
  }
  addPsk(id, key) {
    this.psks.set(Buffer.from(id).toString("base64"), key)
  }
  async state() {
    const { groupContext, keySchedule, ratchetTree, privatePath, groupActiveState } = this.group
    const tree = this.dialect.encodeTree(ratchetTree)
    const members = ratchetTree.flatMap((node, index) =>
      node !== undefined && index % 2 === 0
        ? [{ leaf: index / 2, name: Buffer.from(node.leaf.credential.identity).toString() }]
        : [],
    )
    const exported = await this.dialect.mlsExporter(
      keySchedule.exporterSecret,
      "interop",
      utf8("context"),
      32,
      this.implementation,
    )
    const epoch = Number(groupContext.epoch)
    const text = (bytes) => Buffer.from(bytes).toString("hex")
    return {
      shared: {
        epoch,
        authenticator: text(keySchedule.epochAuthenticator),
        exported: text(exported),
        tree: text(tree),
        members,
      },
      epoch,
      members,
      tree,
      leaf: privatePath.leafIndex,
      active: groupActiveState.kind !== "removedFromGroup",
      reinit: groupActiveState.kind === "suspendedPendingReinit",
    }
  }

  decode(kind, message) {
    const decoded = this.dialect.decode(message)
    if (decoded.kind !== kind) throw new Error(`${decoded.kind} where a ${kind} was expected`)
    return decoded.body
  }
  decodeTree(tree) {
    return tree && this.dialect.decodeTree(tree)
  }
  addProposal(message) {
    return { proposalType: this.dialect.words.add, add: { keyPackage: this.decode("key_package", message) } }
  }
  removeProposal(removed) {
    return { proposalType: this.dialect.words.remove, remove: { removed } }
  }
  reinitProposal({ groupId, suite }) {
    const { words } = this.dialect
    const cipherSuite = this.dialect.suiteWord(suite)
    return { proposalType: words.reinit, reinit: { groupId, version: words.mls10, cipherSuite, extensions: [] } }
  }
  extensionsProposal(extensions) {
    return { proposalType: this.dialect.words.extensions, groupContextExtensions: { extensions } }
  }
  pskProposal(info) {
    const pskNonce = this.implementation.rng.randomBytes(this.implementation.kdf.size)
    return { proposalType: this.dialect.words.psk, psk: { preSharedKeyId: { ...info, pskNonce } } }
  }
  /// The package can apply an Update and has nothing to make one: so its new leaf is made here, and its private key
  /// kept until the commit.
  async updateProposal() {
    const { hpke, signature } = this.implementation
    const { privatePath, ratchetTree, groupContext, signaturePrivateKey } = this.group
    const { privateKey, publicKey } = await hpke.generateKeyPair()
    const old = ratchetTree[2 * privatePath.leafIndex].leaf
    const leaf = {
      hpkePublicKey: await hpke.exportPublicKey(publicKey),
      signaturePublicKey: old.signaturePublicKey,
      credential: old.credential,
      capabilities: old.capabilities,
      leafNodeSource: this.dialect.words.leaf_update,
      extensions: old.extensions,
      groupId: groupContext.groupId,
      leafIndex: privatePath.leafIndex,
    }
    this.updates.set(groupContext.epoch, await hpke.exportPrivateKey(privateKey))
    const leafNode = await this.dialect.signLeaf(leaf, signaturePrivateKey, signature)
    return { proposalType: this.dialect.words.update, update: { leafNode } }
  }
  /// The group as it is for a commit that may hold our Update.
  withNewLeafKey() {
    const key = this.updates.get(this.group.groupContext.epoch)
    if (key === undefined) return this.group
    const { privatePath } = this.group
    const privateKeys = { ...privatePath.privateKeys, [2 * privatePath.leafIndex]: key }
    return { ...this.group, privatePath: { ...privatePath, privateKeys } }
  }
}

/// Whether a newcomer of theirs takes this tree. For each unmerged leaf of a node RFC 9420 s.12.4.3.1 asks that all
/// nodes between the two list that leaf; the package, that all nodes above that leaf, to the root, have equal lists.
export function theyAccept(tree) {
  const above = (leaf) => {
    const out = []
    const root = (tree.length - 1) / 2
    for (let node = 2 * leaf, level = 0; node !== root; level += 1) {
      node = (node | (1 << level)) & ~(2 << level)
      if (tree[node] !== undefined) out.push(tree[node].parent)
    }
    return out
  }
  return tree
    .filter((node, index) => node !== undefined && index % 2 === 1)
    .map(({ parent }) => parent.unmergedLeaves)
    .every((list) => list.every((leaf) => above(leaf).every((node) => `${node.unmergedLeaves}` === `${list}`)))
}

/// The implementation, for who reads an external_pub that has its length inside, as RFC 9420 s.12.4.3.2 says.
function unwrappingKeys({ implementation }) {
  const hpke = { ...implementation.hpke }
  hpke.importPublicKey = async (key) => {
    try {
      return await implementation.hpke.importPublicKey(key)
    } catch {
      return implementation.hpke.importPublicKey(unwrapped(key))
    }
  }
  return { ...implementation, hpke }
}
