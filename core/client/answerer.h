// Lets devices in again that lost their place in a conversation: judges what they ask, and answers
// (docs/spec/client.md s.15).
#pragma once

#include <memory>

#include "core/client/conversations.h"
#include "core/client/rejoin.h"

namespace cairn::client {

/// Lives for one pass over one channel. Whether a device is active now, and how often it may come, is judged here
/// alone: members accept by group and commit, so that none is left behind.
class Answerer {
 public:
  Answerer(Conversations& owner, Context& context, const Account& account, const ChannelId& channel)
      : owner_(owner), context_(context), account_(account), channel_(channel) {}

  /// A request came: it is kept if it is signed by a device that has a leaf here, and was not answered before.
  void take_request(const proto::Envelope& envelope);
  /// This device came in by itself.
  static void came_in(Context& context, const ChannelId& channel, const DeviceId& device);
  /// Answers what can be answered now.
  void run();

 private:
  enum class Judged { answer, later, refuse };

  bool is_settled() const;
  const mls::LeafNode* leaf_of(const directory::Name& name, const DeviceId& device) const;
  Status check(const RejoinRequest& request) const;
  /// Whether this device's owner wants to be heard in this conversation.
  bool is_wanted() const;
  Judged judge(AskedRejoin& asked);
  /// When this device may be answered again.
  Time free_at(const DeviceId& device) const;
  void answer(const RejoinRequest& request);
  /// An answer that no envelope holds: its ciphertext is put part by part, each by one more such call.
  struct Putting {
    RejoinRequest request;
    std::uint64_t epoch = 0;
    std::shared_ptr<const RejoinAnswer> sealed;
  };
  void put(const Putting& it);
  void put_answered(const Putting& it, const Answer& answer);
  void take_back(const Putting& it);
  /// False when that device is not to get it any more.
  bool send(const RejoinRequest& request, const RejoinAnswer& sealed);
  void answered(const RejoinRequest& request, const Answer& answer);
  void refuse(const DeviceId& device);

  Conversations& owner_;
  Context& context_;
  const Account& account_;
  const ChannelId channel_;
  std::optional<Conversation> conversation_;
  mls::Group* group_ = nullptr;
};

}  // namespace cairn::client
