#include "core/client/self_line.h"

namespace cairn::client {

std::optional<ChannelId> SelfLine::home(const StoreView& store, const Account& account) {
  if (!home_) {
    const Room room{ConversationKind::self, {}, {account.name.text()}};
    home_ = conversations_.find_room(store, room);
  }
  return home_ && conversations_.written_to(store, *home_) ? home_ : std::nullopt;
}

bool SelfLine::exists(const StoreView& store, const Account& account) {
  static_cast<void>(home(store, account));
  return home_.has_value();
}

bool SelfLine::reaches(const StoreView& store, const Account& account, const DeviceId& device) {
  const auto where = home(store, account);
  return where && conversations_.has_device(store, *where, device);
}

bool SelfLine::say(Context& context, const Account& account, const SelfWords& words) {
  const auto where = home(context.store, account);
  if (!where) return false;
  conversations_.tell(context, *where, encode_self_words(words));
  return true;
}

}  // namespace cairn::client
