// node run.js MLS_PEER [SEED [STEPS [WHAT]]]: plays all scenarios in all suites, or those named like WHAT, a line for
// each; exits with 1 if one failed.
import "./webcrypto.js"
import { Peer } from "./peer.js"
import { scenarios } from "./scenarios.js"
import { randomSteps } from "./steps.js"
import { suites } from "./suites.js"
import { Village } from "./village.js"

const [program, seed = "1", steps = "200", what = ""] = process.argv.slice(2)
const walk = { [`${steps} random steps from seed ${seed}`]: randomSteps(Number(seed), Number(steps)) }
let failed = 0

async function play(suite, name, scenario) {
  const title = `0x${suite.id.toString(16).padStart(4, "0")} with ${suite.theirs}: ${name}`
  if (!title.includes(what)) return
  const peer = new Peer(program, seed)
  try {
    const note = await scenario(new Village(peer, suite, name))
    console.log(`good: ${title}${note ? ` (${note})` : ""}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${title}\n${error.stack}`)
  } finally {
    peer.close()
  }
}

for (const suite of suites) {
  for (const [name, scenario] of Object.entries({ ...scenarios, ...walk })) {
    await play(suite, name, scenario)
  }
}
process.exit(failed === 0 ? 0 : 1)
