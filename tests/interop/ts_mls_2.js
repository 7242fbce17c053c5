// What is particular to ts-mls 2.0.0-rc.10. The internal modules of the package are not exported, hence the long paths.
import * as mls from "ts-mls-2"
import { signGroupInfo } from "./node_modules/ts-mls-2/dist/src/groupInfo.js"
import { signLeafNodeCommit } from "./node_modules/ts-mls-2/dist/src/leafNode.js"
import { ratchetTreeDecoder, ratchetTreeEncoder } from "./node_modules/ts-mls-2/dist/src/ratchetTree.js"
import { utf8 } from "./bytes.js"

const bodies = {
  key_package: "keyPackage",
  welcome: "welcome",
  group_info: "groupInfo",
  public_message: "publicMessage",
  private_message: "privateMessage",
}
const named = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [value, name]))
const formats = named(mls.wireformats)
const contents = named(mls.contentTypes)
const encodeMessage = (message) => mls.encode(mls.mlsMessageEncoder, message)
const encode = (kind, body) =>
  encodeMessage({
    version: mls.protocolVersions.mls10,
    wireformat: mls.wireformats[`mls_${kind}`],
    [bodies[kind]]: body,
  })

const encodeCommit = ({ newState, commit, welcome }) => ({
  newState,
  commit: encodeMessage(commit),
  welcome: welcome && encodeMessage(welcome),
})

/// ReInit looks suites up by name; this is how one that is not built in is found.
const providerOf = ({ implementation }) => ({ getCiphersuiteImpl: async () => implementation })

const contextOf = ({ implementation, psks }) => ({
  cipherSuite: implementation,
  authService: mls.unsafeTestingAuthenticationService,
  externalPsks: Object.fromEntries(psks),
})

export const dialect = {
  /// Where it departs from the RFC or lacks something; README.md tells each.
  quirks: {
    cannotReadItsOwnRemoval: true,
    loneRemoveLacksPath: true,
    cannotCommitUpdates: true,
    cannotCommitResumptionPsk: true,
  },
  words: {
    add: mls.defaultProposalTypes.add,
    remove: mls.defaultProposalTypes.remove,
    update: mls.defaultProposalTypes.update,
    psk: mls.defaultProposalTypes.psk,
    reinit: mls.defaultProposalTypes.reinit,
    extensions: mls.defaultProposalTypes.group_context_extensions,
    mls10: mls.protocolVersions.mls10,
    leaf_update: mls.leafNodeSources.update,
    external_pub: mls.defaultExtensionTypes.external_pub,
  },
  externalPsk: (pskId) => ({ psktype: mls.pskTypes.external, pskId }),
  resumptionPsk: (pskGroupId, epoch) => ({
    psktype: mls.pskTypes.resumption,
    usage: mls.resumptionPSKUsages.application,
    pskGroupId,
    pskEpoch: BigInt(epoch),
  }),
  suiteWord: ({ id }) => id,
  mlsExporter: mls.mlsExporter,
  signGroupInfo,
  signLeaf: signLeafNodeCommit,
  encode,
  encodeTree: (tree) => mls.encode(ratchetTreeEncoder, tree),
  decodeTree: (bytes) => mls.decode(ratchetTreeDecoder, bytes),
  /// {kind, body}, and for what members send {contentType, body: the whole message}.
  decode(message) {
    const [decoded, size] = mls.mlsMessageDecoder(message, 0) ?? []
    if (decoded === undefined || size !== message.length) throw new Error("ts-mls cannot decode a message")
    const kind = formats[decoded.wireformat].replace("mls_", "")
    const body = decoded[bodies[kind]]
    if (kind === "private_message") return { kind, contentType: contents[body.contentType], body: decoded }
    if (kind === "public_message") return { kind, contentType: contents[body.content.contentType], body: decoded }
    return { kind, body }
  },

  generateKeyPackage({ name, signatureKeys, implementation }) {
    const capabilities = mls.defaultCapabilities()
    return mls.generateKeyPackageWithKey({
      credential: { credentialType: mls.defaultCredentialTypes.basic, identity: utf8(name) },
      capabilities: { ...capabilities, ciphersuites: [...capabilities.ciphersuites, implementation.id] },
      signatureKeyPair: signatureKeys,
      cipherSuite: implementation,
    })
  },
  createGroup: (client, groupId) =>
    mls.createGroup({
      context: contextOf(client),
      groupId,
      keyPackage: client.keys.publicPackage,
      privateKeyPackage: client.keys.privatePackage,
    }),
  joinGroup: (client, welcome, ratchetTree) =>
    mls.joinGroup({
      context: contextOf(client),
      welcome,
      keyPackage: client.keys.publicPackage,
      privateKeys: client.keys.privatePackage,
      ratchetTree,
    }),
  joinGroupExternal: (client, cipherSuite, groupInfo, tree, resync) =>
    mls.joinGroupExternal({
      context: { ...contextOf(client), cipherSuite },
      groupInfo,
      keyPackage: client.keys.publicPackage,
      privateKeys: client.keys.privatePackage,
      resync,
      tree,
    }),
  async createCommit(client, extraProposals, how) {
    const made = await mls.createCommit({
      context: contextOf(client),
      state: client.group,
      extraProposals,
      wireAsPublicMessage: how.public ?? false,
      ratchetTreeExtension: !how.treeBeside,
    })
    return encodeCommit(made)
  },
  async reinitialise(client, before, memberKeyPackages) {
    const { groupId, extensions } = before.group.groupActiveState.reinit
    return encodeCommit(
      await mls.reinitCreateNewGroup({
        context: contextOf(client),
        state: before.group,
        keyPackage: client.keys.publicPackage,
        privateKeyPackage: client.keys.privatePackage,
        memberKeyPackages,
        groupId,
        cipherSuite: "the provider's",
        extensions,
        provider: providerOf(client),
      }),
    )
  },
  async branch(client, before, memberKeyPackages, newGroupId) {
    return encodeCommit(
      await mls.branchGroup({
        context: contextOf(client),
        state: before.group,
        keyPackage: client.keys.publicPackage,
        privateKeyPackage: client.keys.privatePackage,
        memberKeyPackages,
        newGroupId,
      }),
    )
  },
  joinSuccessor(client, before, welcome, ratchetTree) {
    const request = {
      context: contextOf(client),
      welcome,
      keyPackage: client.keys.publicPackage,
      privateKeyPackage: client.keys.privatePackage,
      ratchetTree,
    }
    return before.group.groupActiveState.kind === "suspendedPendingReinit"
      ? mls.joinGroupFromReinit({ ...request, suspendedState: before.group, provider: providerOf(client) })
      : mls.joinGroupFromBranch({ ...request, oldState: before.group })
  },
  async createProposal(client, proposal, how) {
    const made = await mls.createProposal({
      context: contextOf(client),
      state: client.group,
      wireAsPublicMessage: how.public ?? false,
      proposal,
    })
    return { newState: made.newState, message: encodeMessage(made.message) }
  },
  // processMessage() forgets the external PSKs when the message is private.
  process(client, state, { privateMessage, publicMessage }) {
    const context = contextOf(client)
    return privateMessage
      ? mls.processPrivateMessage({ context, state, privateMessage })
      : mls.processPublicMessage({ context, state, publicMessage })
  },
  async protect(client, message, authenticatedData) {
    const context = contextOf(client)
    const made = await mls.createApplicationMessage({ context, state: client.group, message, authenticatedData })
    return { newState: made.newState, message: encodeMessage(made.message) }
  },
  groupInfo: ({ group, implementation }, treeBeside) =>
    treeBeside
      ? mls.createGroupInfoWithExternalPub(group, [], implementation)
      : mls.createGroupInfoWithExternalPubAndRatchetTree(group, [], implementation),
}

export const builtIn = (name) => mls.getCiphersuiteImpl(name)
