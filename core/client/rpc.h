// The owner's words: JSON-RPC 2.0 over local sockets, one object a frame (docs/spec/client-rpc.md).
#pragma once

#include <memory>

#include "core/client/attachments.h"
#include "core/client/backups.h"
#include "core/client/client.h"
#include "core/client/expiry.h"
#include "core/client/gossips.h"
#include "core/client/invites.h"
#include "core/client/link.h"
#include "core/client/own_devices.h"
#include "core/client/own_name.h"
#include "core/client/receipts.h"
#include "core/client/search.h"
#include "core/client/typing.h"
#include "core/client/vetoes.h"

namespace cairn::client {

/// What the methods work on. All outlive the Rpc.
struct RpcRooms {
  Calls& calls;
  Views& views;
  Session& session;
  OwnName& own_name;
  Conversations& conversations;
  Gossips& gossips;
  Links& links;
  Vetoes& vetoes;
  Backups& backups;
  Receipts& receipts;
  Expiry& expiry;
  Search& search;
  Attachments& attachments;
  Typing& typing;
  OwnDevices& own_devices;
  Invites& invites;
};

class Rpc {
 public:
  Rpc(ClientConfig config, RpcRooms rooms);
  ~Rpc();

  /// Sockets that do not ask for "/rpc" are closed.
  void opened(Context& context, const proto::SocketOpened& opened);
  void frame(Context& context, const proto::SocketFrame& frame);
  void closed(proto::SocketId id);
  /// Answers whoever waits for something that has come true, or waited too long.
  void step(Context& context);
  Time next_deadline() const;
  /// After rebuild(): local sockets were closed by the loop.
  void forget_all();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::client
