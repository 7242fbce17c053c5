// Which implementation of theirs speaks which suite.
import * as v1 from "./ts_mls_1.js"
import * as v2 from "./ts_mls_2.js"
import { xwingSha384 } from "./xwing_sha384.js"

const classical = { theirs: "ts-mls 1.6.4", dialect: v1.dialect }
const hybrid = { theirs: "ts-mls 2.0.0-rc.10", dialect: v2.dialect }

/// `implementation` is the suite as their package has it; `other` is the one to go on with after a ReInit.
export const suites = [
  { id: 0x0001, ...classical, implementation: await v1.builtIn("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519") },
  { id: 0x0003, ...classical, implementation: await v1.builtIn("MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519") },
  { id: 0xf00d, ...hybrid, implementation: await v2.builtIn("MLS_256_XWING_AES256GCM_SHA512_Ed25519") },
  { id: 0xf102, ...hybrid, implementation: await xwingSha384() },
]
for (const i of suites.keys()) suites[i].other = suites[i ^ 1]
