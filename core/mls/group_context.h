// GroupContext (RFC 9420 s.8.1): what all members of an epoch agree on.
#pragma once

#include "core/mls/extension.h"
#include "core/mls/suite.h"

namespace cairn::mls {

/// What the key schedule and every signature of an epoch cover. Of version mls10; `unsupported` when it is another.
struct GroupContext {
  std::uint16_t cipher_suite = 0;
  GroupId group_id;
  std::uint64_t epoch = 0;  ///< 0 for a group that was just created
  TreeHash tree_hash;
  ConfirmedTranscriptHash confirmed_transcript_hash;
  ExtensionList extensions;  ///< at most kMaxGroupExtensionsSize bytes, which the group sees to

  void write(wire::Writer& writer) const {
    writer.u16(kVersionMls10);
    writer.u16(cipher_suite);
    group_id.write(writer);
    writer.u64(epoch);
    tree_hash.write(writer);
    confirmed_transcript_hash.write(writer);
    extensions.write(writer);
  }
  static Result<GroupContext> read(wire::Reader& reader) {
    GroupContext out;
    TRY(read_version(reader));
    out.cipher_suite = TRY(reader.u16());
    out.group_id = TRY(GroupId::read(reader));
    out.epoch = TRY(reader.u64());
    out.tree_hash = TRY(TreeHash::read(reader));
    out.confirmed_transcript_hash = TRY(ConfirmedTranscriptHash::read(reader));
    out.extensions = TRY(ExtensionList::read(reader));
    return out;
  }
  friend bool operator==(const GroupContext&, const GroupContext&) = default;
};

}  // namespace cairn::mls
