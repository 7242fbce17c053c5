// The suite 0xF102 for ts-mls, through its interface for custom cipher suites (docs/16-custom-ciphersuite.md there).
// HPKE of X-Wing, HKDF-SHA384 and AES-256-GCM; DeriveKeyPair is the one of draft-ietf-hpke-pq, which the package's
// own X-Wing has not. Its seed is the SHAKE256 of
//   ikm || "HPKE-v1" || "KEM" || 0x647a || u16(13) || "DeriveKeyPair" || u16(32)
import { createHash } from "node:crypto"
import { Aes256Gcm, CipherSuite, HkdfSha384 } from "@hpke/core"
import { XWing } from "@hpke/hybridkem-x-wing"
import { getCiphersuiteImpl } from "ts-mls-2"
import { concat, utf8 } from "./bytes.js"

const seedSize = 32
const deriveKeyPairSuffix = concat(
  utf8("HPKE-v1"),
  utf8("KEM"),
  [0x64, 0x7a],
  [0, "DeriveKeyPair".length],
  utf8("DeriveKeyPair"),
  [0, seedSize],
)

const buffer = (bytes) => new Uint8Array(bytes).buffer
const bytes = (buffer) => new Uint8Array(buffer)

async function aesGcm(operation, key, nonce, additionalData, text) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, [operation])
  return bytes(await crypto.subtle[operation]({ name: "AES-GCM", iv: nonce, additionalData }, imported, text))
}

function makeHpke() {
  const kem = new XWing()
  const suite = new CipherSuite({ kem, kdf: new HkdfSha384(), aead: new Aes256Gcm() })
  const none = new Uint8Array()
  return {
    async seal(recipientPublicKey, plaintext, info, aad = none) {
      const to = { recipientPublicKey, info: buffer(info) }
      const { ct, enc } = await suite.seal(to, buffer(plaintext), buffer(aad))
      return { ct: bytes(ct), enc: bytes(enc) }
    },
    async open(recipientKey, kemOutput, ciphertext, info, aad = none) {
      const at = { recipientKey, enc: buffer(kemOutput), info: buffer(info) }
      return bytes(await suite.open(at, buffer(ciphertext), buffer(aad)))
    },
    async exportSecret(recipientPublicKey, exporterContext, length, info) {
      const context = await suite.createSenderContext({ recipientPublicKey, info: buffer(info) })
      return { enc: bytes(context.enc), secret: bytes(await context.export(buffer(exporterContext), length)) }
    },
    async importSecret(recipientKey, exporterContext, kemOutput, length, info) {
      const at = { recipientKey, enc: buffer(kemOutput), info: buffer(info) }
      const context = await suite.createRecipientContext(at)
      return bytes(await context.export(buffer(exporterContext), length))
    },
    importPrivateKey: (key) => kem.deserializePrivateKey(buffer(key)),
    importPublicKey: (key) => kem.deserializePublicKey(buffer(key)),
    exportPublicKey: async (key) => bytes(await kem.serializePublicKey(key)),
    exportPrivateKey: async (key) => bytes(await kem.serializePrivateKey(key)),
    deriveKeyPair(ikm) {
      const seed = createHash("shake256", { outputLength: seedSize }).update(ikm).update(deriveKeyPairSuffix).digest()
      return kem.generateKeyPairDerand(new Uint8Array(seed))
    },
    generateKeyPair: () => kem.generateKeyPair(),
    encryptAead: (key, nonce, aad = none, plaintext) => aesGcm("encrypt", key, nonce, aad, plaintext),
    decryptAead: (key, nonce, aad = none, ciphertext) => aesGcm("decrypt", key, nonce, aad, ciphertext),
    keyLength: 32,
    nonceLength: 12,
  }
}

export async function xwingSha384() {
  const ed25519 = await getCiphersuiteImpl("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519")
  const sha384 = await getCiphersuiteImpl("MLS_256_DHKEMP384_AES256GCM_SHA384_P384")
  return {
    hash: sha384.hash,
    kdf: sha384.kdf,
    hpke: makeHpke(),
    signature: ed25519.signature,
    rng: ed25519.rng,
    id: 0xf102,
  }
}
