// What is particular to ts-mls 1.6.4.
import * as mls from "ts-mls-1"
import { signGroupInfo } from "ts-mls-1/groupInfo.js"
import { signLeafNodeCommit } from "ts-mls-1/leafNode.js"
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls-1/ratchetTree.js"
import { utf8 } from "./bytes.js"

const bodies = {
  key_package: "keyPackage",
  welcome: "welcome",
  group_info: "groupInfo",
  public_message: "publicMessage",
  private_message: "privateMessage",
}
const { encodeMlsMessage } = mls
const encode = (kind, body) => encodeMlsMessage({ version: "mls10", wireformat: `mls_${kind}`, [bodies[kind]]: body })

function encodeCommit({ newState, commit, welcome }) {
  return { newState, commit: encodeMlsMessage(commit), welcome: welcome && encode("welcome", welcome) }
}

/// External PSKs that were handed out, and the resumption PSKs of this group.
function pskIndex({ group, psks }) {
  return mls.makePskIndex(group, Object.fromEntries(psks))
}

export const dialect = {
  /// Where it departs from the RFC or lacks something; README.md tells each.
  quirks: {},
  words: {
    add: "add",
    remove: "remove",
    update: "update",
    psk: "psk",
    reinit: "reinit",
    extensions: "group_context_extensions",
    mls10: "mls10",
    leaf_update: "update",
    external_pub: "external_pub",
  },
  externalPsk: (pskId) => ({ psktype: "external", pskId }),
  resumptionPsk: (pskGroupId, epoch) => ({
    psktype: "resumption",
    usage: "application",
    pskGroupId,
    pskEpoch: BigInt(epoch),
  }),
  suiteWord: ({ id }) => Object.keys(mls.ciphersuites).find((name) => mls.ciphersuites[name] === id),
  mlsExporter: mls.mlsExporter,
  signGroupInfo,
  signLeaf: signLeafNodeCommit,
  encode,
  encodeTree: encodeRatchetTree,
  decodeTree: (bytes) => decodeRatchetTree(bytes, 0)[0],
  /// {kind, body}, and for what members send {contentType, body: the whole message}.
  decode(message) {
    const [decoded, size] = mls.decodeMlsMessage(message, 0) ?? []
    if (decoded === undefined || size !== message.length) throw new Error("ts-mls cannot decode a message")
    const kind = decoded.wireformat.replace("mls_", "")
    const body = decoded[bodies[kind]]
    if (kind === "private_message") return { kind, contentType: body.contentType, body: decoded }
    if (kind === "public_message") return { kind, contentType: body.content.contentType, body: decoded }
    return { kind, body }
  },

  generateKeyPackage: ({ name, signatureKeys, implementation }) =>
    mls.generateKeyPackageWithKey(
      { credentialType: "basic", identity: utf8(name) },
      mls.defaultCapabilities(),
      mls.defaultLifetime,
      [],
      signatureKeys,
      implementation,
    ),
  createGroup: ({ keys, implementation }, groupId) =>
    mls.createGroup(groupId, keys.publicPackage, keys.privatePackage, [], implementation),
  joinGroup: (client, welcome, tree) =>
    mls.joinGroup(
      welcome,
      client.keys.publicPackage,
      client.keys.privatePackage,
      pskIndex(client),
      client.implementation,
      tree,
    ),
  joinGroupExternal: ({ keys }, implementation, info, tree, resync) =>
    mls.joinGroupExternal(info, keys.publicPackage, keys.privatePackage, resync, implementation, tree),
  async createCommit(client, extraProposals, how) {
    const made = await mls.createCommit(
      { state: client.group, cipherSuite: client.implementation, pskIndex: pskIndex(client) },
      { extraProposals, wireAsPublicMessage: how.public ?? false, ratchetTreeExtension: !how.treeBeside },
    )
    return encodeCommit(made)
  },
  async reinitialise({ keys }, before, members) {
    const { groupId, cipherSuite, extensions } = before.group.groupActiveState.reinit
    const { publicPackage, privatePackage } = keys
    return encodeCommit(
      await mls.reinitCreateNewGroup(
        before.group,
        publicPackage,
        privatePackage,
        members,
        groupId,
        cipherSuite,
        extensions,
      ),
    )
  },
  async branch({ keys, implementation }, before, members, id) {
    const { publicPackage, privatePackage } = keys
    return encodeCommit(await mls.branchGroup(before.group, publicPackage, privatePackage, members, id, implementation))
  },
  joinSuccessor({ keys, implementation }, before, welcome, tree) {
    const { publicPackage, privatePackage } = keys
    return before.group.groupActiveState.kind === "suspendedPendingReinit"
      ? mls.joinGroupFromReinit(before.group, welcome, publicPackage, privatePackage, tree)
      : mls.joinGroupFromBranch(before.group, welcome, publicPackage, privatePackage, tree, implementation)
  },
  async createProposal({ group, implementation }, proposal, how) {
    const made = await mls.createProposal(group, how.public ?? false, proposal, implementation)
    return { newState: made.newState, message: encodeMlsMessage(made.message) }
  },
  process: (client, state, message) =>
    message.wireformat === "mls_private_message"
      ? mls.processPrivateMessage(state, message.privateMessage, pskIndex(client), client.implementation)
      : mls.processPublicMessage(state, message.publicMessage, pskIndex(client), client.implementation),
  async protect({ group, implementation }, plaintext, authenticatedData) {
    const made = await mls.createApplicationMessage(group, plaintext, implementation, authenticatedData)
    return { newState: made.newState, message: encode("private_message", made.privateMessage) }
  },
  groupInfo: ({ group, implementation }, treeBeside) =>
    treeBeside
      ? mls.createGroupInfoWithExternalPub(group, [], implementation)
      : mls.createGroupInfoWithExternalPubAndRatchetTree(group, [], implementation),
}

export const builtIn = (name) => mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(name))
