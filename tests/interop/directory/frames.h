// Frames for verify.py: uint32 length, a letter, its fields.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "core/directory/chain.h"
#include "core/wire/writer.h"

namespace cairn::testing {

/// Frames on standard output; ends the program when nobody takes them.
class Frames {
 public:
  void put(char kind, wire::Writer& fields) {
    const Bytes body = fields.take();
    wire::Writer frame;
    frame.u32(static_cast<std::uint32_t>(body.size() + 1));
    frame.u8(static_cast<std::uint8_t>(kind));
    frame.raw(body);
    const Bytes bytes = frame.take();
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) std::exit(1);
  }
};

/// What both verifiers must agree on of a chain, besides the verdict.
Hash summary_of(const directory::NameState& state);

/// COUNT statements, valid ones and others, in chains of some hundred, with core/directory's verdicts.
void write_chains(std::uint64_t seed, std::uint64_t count, Frames& frames);
/// A chain that is full in the end, and what is refused on its way: some 4,100 statements, which all have to agree.
void write_long_chain(std::uint64_t seed, Frames& frames);
/// COUNT answers to look-ups, honest ones and lies, of domains of fifty each, with core/directory's verdicts.
void write_lookups(std::uint64_t seed, std::uint64_t count, Frames& frames);

}  // namespace cairn::testing
