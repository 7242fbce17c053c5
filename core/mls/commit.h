// Commits (RFC 9420 s.12.4): the step from one epoch to the next.
#pragma once

#include "core/mls/proposal.h"
#include "core/mls/update_path.h"

namespace cairn::mls {

/// A commit as it travels: nothing in it is verified.
struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;

  void write(wire::Writer& writer) const {
    writer.vector(proposals);
    writer.optional(path);
  }
  /// At most kMaxProposals.
  static Result<Commit> read(wire::Reader& reader) {
    Commit out;
    out.proposals = TRY(reader.vector<ProposalOrRef>(kMaxMessageSize, kMaxProposals));
    out.path = TRY(reader.optional<UpdatePath>());
    return out;
  }
  friend bool operator==(const Commit&, const Commit&) = default;
};

}  // namespace cairn::mls
