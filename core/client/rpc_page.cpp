#include "core/client/rpc_page.h"

#include <algorithm>

#include "core/base/encoding.h"

namespace cairn::client {
namespace {

/// Of the longest place: a name, or the time and id of a conversation.
constexpr std::size_t kMaxPlace = 512;
/// Of a conversation, so that it fits into an answer beside what is said of its last message.
constexpr std::size_t kMaxConversationBytes = 500'000;
/// With a draft and what each is called these stay far below it.
constexpr std::size_t kFewNames = 64;
/// Of what others said about a message: each list of names, all reactions, and of one reaction the names. With them,
/// its text and its preview a message is far from kMaxPageBytes.
constexpr std::size_t kMaxOthersBytes = 60'000;
constexpr std::size_t kMaxReactionNamesBytes = 10'000;

std::size_t size_of(const json& item) { return item.dump(-1, ' ', false, json::error_handler_t::replace).size(); }

/// In the place of an item that no answer holds, so that those behind it can be had.
json short_of(const json& item) {
  json out = {{"left_out", true}};
  if (item.is_object() && item.contains("id")) out["id"] = item["id"];
  return out;
}

/// The first names under `key`, as many as have room; how many others there are stands under `left_out`.
void cut_names(json& object, const char* key, const std::string& left_out, std::size_t bytes) {
  if (!object.contains(key) || size_of(object[key]) <= bytes) return;
  json kept = json::array();
  std::size_t size = 0;
  for (const json& name : object[key]) {
    size += size_of(name) + 1;
    if (size > bytes) break;
    kept.push_back(name);
  }
  object[left_out] = object[key].size() - kept.size();
  object[key] = std::move(kept);
}

/// Those that most people have made, as many as have room.
json reactions_that_fit(json reactions) {
  std::vector<json> all;
  for (json& one : reactions) all.push_back(std::move(one));
  const auto people = [](const json& one) { return one["names"].size(); };
  std::stable_sort(all.begin(), all.end(), [&](const json& a, const json& b) { return people(a) > people(b); });
  std::vector<json> kept;
  std::size_t size = 0;
  for (json& one : all) {
    cut_names(one, "names", "names_left_out", kMaxReactionNamesBytes);
    size += size_of(one) + 1;
    if (size > kMaxOthersBytes) break;
    kept.push_back(std::move(one));
  }
  const auto text = [](const json& one) { return one["text"].get<std::string>(); };
  std::sort(kept.begin(), kept.end(), [&](const json& a, const json& b) { return text(a) < text(b); });
  return kept;
}

}  // namespace

std::vector<RpcParameter> page_parameters(std::vector<RpcParameter> others) {
  others.push_back({"first"});
  others.push_back({"limit", RpcParameter::Kind::number});
  return others;
}

std::variant<Page, RpcFailure> Page::of(const json& params, std::size_t bytes) {
  const std::uint64_t limit = number_param(params, "limit", kMaxPageItems);
  if (limit == 0) return failure(ErrorCode::malformed, "A page has one entry at least; ask for more than 0.");
  Page page(std::min<std::uint64_t>(limit, kMaxPageItems), bytes);
  if (!params.contains("first")) return page;
  const std::string first = text_param(params, "first");
  auto place = from_hex(std::string_view(first).substr(0, 2 * kMaxPlace + 2));
  if (!place || place->empty() || place->size() > kMaxPlace) {
    return failure(ErrorCode::malformed, "A page begins at what next of the one before it says; leave first out.");
  }
  page.first_ = std::move(*place);
  return page;
}

bool Page::wants(ByteView place) {
  if (more_ || !std::lexicographical_compare(first_.begin(), first_.end(), place.begin(), place.end())) return false;
  more_ = items_.size() == limit_;
  return !more_;
}

void Page::add(ByteView place, json item) {
  std::size_t size = size_of(item) + 1;
  if (size > most_bytes_) {
    item = short_of(item);
    size = size_of(item) + 1;
  }
  bytes_ += size;
  more_ = more_ || (bytes_ > most_bytes_ && !items_.empty());
  if (more_) return;
  last_ = to_bytes(place);
  items_.push_back(std::move(item));
}

json Page::take(const char* key) {
  json out = {{key, std::exchange(items_, json::array())}};
  if (more_) out["next"] = to_hex(last_);
  return out;
}

void leave_names_out(json& conversation) {
  json& names = conversation["names"];
  if (names.size() <= kFewNames || size_of(conversation) <= kMaxConversationBytes) return;
  const std::size_t all = names.size();
  while (names.size() > 1 && size_of(conversation) > kMaxConversationBytes) {
    for (std::size_t half = names.size() / 2; half != 0; --half) {
      const std::string name = names.back();
      for (const char* of_names : {"devices", "petnames"}) {
        if (conversation.contains(of_names)) conversation[of_names].erase(name);
      }
      names.erase(names.size() - 1);
    }
  }
  conversation["names_left_out"] = all - names.size();
}

void leave_others_out(json& message) {
  for (const char* key : {"delivered_to", "read_by"})
    cut_names(message, key, std::string(key) + "_left_out", kMaxOthersBytes);
  if (!message.contains("reactions") || size_of(message["reactions"]) <= kMaxOthersBytes) return;
  const std::size_t all = message["reactions"].size();
  message["reactions"] = reactions_that_fit(std::move(message["reactions"]));
  if (message["reactions"].size() != all) message["reactions_left_out"] = all - message["reactions"].size();
}

}  // namespace cairn::client
