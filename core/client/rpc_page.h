// Lists that may be longer than one answer (docs/spec/client-rpc.md s.10).
#pragma once

#include "core/client/rpc_methods.h"

namespace cairn::client {

/// Of one answer, and what it has where nobody says how many.
inline constexpr std::size_t kMaxPageItems = 1000;
/// Of the items of one answer as they are written, so that it fits into a frame.
inline constexpr std::size_t kMaxPageBytes = 700'000;

/// The parameters of a list that comes in pages, behind those that it has anyway.
std::vector<RpcParameter> page_parameters(std::vector<RpcParameter> others = {});

/// One answer of a list: what stands behind `first`, at most `limit`, no more than fit into a frame, and one at least.
/// The place of an item is its key in the order of the list: two items have two places, and a list is gone through with
/// growing ones. So what comes or goes meanwhile neither repeats another item nor leaves it out.
class Page {
 public:
  /// The first one, of at most so many items and bytes.
  Page(std::size_t limit, std::size_t bytes) : limit_(limit), most_bytes_(bytes) {}
  /// The one that is asked for; the failure of parameters that no answer has given.
  static std::variant<Page, RpcFailure> of(const json& params, std::size_t bytes = kMaxPageBytes);

  /// Whether the item of this place is in this page. Past the last one, which is known then, it is no more.
  bool wants(ByteView place);
  /// The item of the place that is wanted. Of one that does not fit into an answer alone its id, and `left_out`.
  void add(ByteView place, json item);
  /// The items under `key`, and `next` where there are more.
  json take(const char* key);

 private:
  Bytes first_;
  std::size_t limit_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  bool more_ = false;
  Bytes last_;  ///< place of the last item
  json items_ = json::array();
};

/// Of a conversation whose names would fill an answer alone some are left out, with what is said of each; how many
/// stands in names_left_out.
void leave_names_out(json& conversation);

/// Of what others said about a message (reactions, and who has it or has read it) some is left out where it would fill
/// an answer: names, how many stands in names_left_out, delivered_to_left_out and read_by_left_out; and of the
/// reactions those that the fewest have made, how many stands in reactions_left_out.
void leave_others_out(json& message);

}  // namespace cairn::client
