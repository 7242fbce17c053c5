// Vetoes that this device knows of: its own, and those that contacts have told it of (docs/spec/client.md s.8).
#pragma once

#include <vector>

#include "core/client/account.h"
#include "core/directory/notice.h"

namespace cairn::client {

/// tables::kVetoes, under veto_key(). Kept until a verified view shows that the reset is no longer open: as long as one
/// is held no look-up is accepted in which that reset is completed.
struct HeldVeto {
  enum class Origin : std::uint8_t {
    own = 1,    ///< signed here: contacts are to be told
    told = 2,   ///< by a device of that name, in a conversation
    spread = 3  ///< signed here, and contacts were told
  };

  directory::Name name;  ///< whose reset
  directory::VetoNotice notice;
  Origin origin = Origin::told;
  std::uint64_t since_ms = 0;  ///< when it was told here, by DomainState::trusted_now; of ours: when contacts were told

  void write(wire::Writer&) const;
  static Result<HeldVeto> read(wire::Reader&);
};

Bytes veto_key(const Account& account, const directory::Name& name, const Hash& request);
void save_veto(Context& context, const Account& account, const HeldVeto& veto);
/// What is held of this request, or nothing.
std::optional<HeldVeto> veto_of(const StoreView& store, const Account& account, const directory::Name& name,
                                const Hash& request);
/// All that are held of this name: what verify_lookup is to know.
std::vector<directory::VetoNotice> vetoes_of(const StoreView& store, const Account& account,
                                             const directory::Name& name);

}  // namespace cairn::client
