// node run.js MLS_PEER [SEED [STEPS]]: plays all scenarios in all suites, a line for each.
import "./webcrypto.js"
import { Peer } from "./peer.js"
import { scenarios } from "./scenarios.js"
import { suites } from "./suites.js"
import { Village } from "./village.js"

const [program, seed = "1"] = process.argv.slice(2)
let failed = 0

async function play(suite, implementation, name, scenario) {
  const peer = new Peer(program, seed)
  const title = `0x${suite.id.toString(16).padStart(4, "0")} with ${suite.theirs}: ${name}`
  try {
    const note = await scenario(new Village(peer, suite, implementation, name))
    console.log(`good: ${title}${note ? ` (${note})` : ""}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${title}\n${error.stack}`)
  } finally {
    peer.close()
  }
}

for (const suite of suites) {
  const implementation = await suite.load()
  for (const [name, scenario] of Object.entries(scenarios)) await play(suite, implementation, name, scenario)
}
process.exit(failed === 0 ? 0 : 1)
