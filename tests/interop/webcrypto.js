// Node 18, which Debian 12 has, hides its web cryptography in a module; ts-mls looks for it where browsers have it.
import { webcrypto } from "node:crypto"

globalThis.crypto ??= webcrypto
