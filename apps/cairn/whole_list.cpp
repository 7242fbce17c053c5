#include "apps/cairn/whole_list.h"

#include <utility>

namespace cairn::apps {
namespace {

using nlohmann::json;

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
  const bool is_one_page = next_.empty() && !is_again_ && !result.contains("next");
  for (const json& entry : result.value(key_, json::array())) put(entry);
  around_ = result;
  around_.erase(key_);
  around_.erase("next");
  next_ = result.value("next", "");
  if (!next_.empty()) return false;
  const bool is_whole = is_one_page || !may_move_ || (is_again_ && !has_new_);
  is_again_ = true;
  has_new_ = false;
  return is_whole;
}

json WholeList::result() const {
  json out = around_;
  out[key_] = entries_;
  return out;
}

void WholeList::put(const json& entry) {
  const std::string id = may_move_ ? entry.value("id", "") : "";
  if (!id.empty()) {
    const auto [known, is_new] = by_id_.emplace(id, entries_.size());
    if (!is_new) {
      entries_[known->second] = entry;
      return;
    }
    has_new_ = true;
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
