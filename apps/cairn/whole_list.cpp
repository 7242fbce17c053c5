#include "apps/cairn/whole_list.h"

#include <map>
#include <utility>

namespace cairn::apps {
namespace {

using nlohmann::json;

/// Where something moves each time that it is read the last pass is good enough: it is read again at the next news.
constexpr int kMostPasses = 4;

/// The methods, and under which key each has its entries.
const std::map<std::string, std::string>& paged_methods() {
  static const std::map<std::string, std::string> all = {
      {"contact.blocked", "names"}, {"conversations", "conversations"}, {"domain.list", "domains"},
      {"gossip.list", "claims"},    {"invitation.list", "invitations"}, {"message.history", "versions"},
      {"request.list", "requests"}};
  return all;
}

}  // namespace

bool comes_in_pages(const std::string& method) { return paged_methods().contains(method); }

WholeList::WholeList(const std::string& method, json params)
    : key_(paged_methods().at(method)), may_move_(method == "conversations"), params_(std::move(params)) {}

json WholeList::params() const {
  json out = params_;
  if (!next_.empty()) out["first"] = next_;
  return out;
}

bool WholeList::take(const json& result) {
  const bool is_one_page = next_.empty() && !result.contains("next");
  for (const json& entry : result.value(key_, json::array())) put(entry);
  around_ = result;
  around_.erase(key_);
  around_.erase("next");
  next_ = result.value("next", "");
  if (!next_.empty()) return false;
  ++passes_;
  const bool is_whole = is_one_page || !may_move_ || passes_ == kMostPasses || (passes_ > 1 && ids_ == former_ids_);
  if (is_whole) return true;
  former_ids_ = std::exchange(ids_, {});
  entries_ = json::array();
  return false;
}

json WholeList::result() const {
  json out = around_;
  out[key_] = entries_;
  return out;
}

void WholeList::put(const json& entry) {
  const std::string id = may_move_ ? entry.value("id", "") : "";
  if (!id.empty() && !ids_.insert(id).second) {
    // It moved to the end while this was read, unpinned for instance: there it stands now.
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].value("id", "") != id) continue;
      entries_.erase(i);
      break;
    }
  }
  entries_.push_back(entry);
}

Reply ask_whole(Speaker& speaker, const std::string& method, const json& params,
                const std::function<void(const json&)>& on_notice) {
  if (!comes_in_pages(method)) return speaker.ask(method, params, on_notice);
  WholeList list(method, params);
  for (;;) {
    Reply reply = speaker.ask(method, list.params(), on_notice);
    if (reply.exit != Exit::done) return reply;
    if (!list.take(reply.result)) continue;
    reply.result = list.result();
    return reply;
  }
}

}  // namespace cairn::apps
