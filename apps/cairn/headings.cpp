#include "apps/cairn/headings.h"

#include <cstdio>
#include <set>

#include "apps/cairn/render.h"
#include "apps/cairn/whole_list.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

json messages_of(const json& read) { return read.value("messages", json::array()); }

std::string what_it_is_called(const json& one) {
  const std::string title = one.value("title", "");
  if (!title.empty()) return title;
  std::string names;
  for (const json& name : one.value("names", json::array())) {
    if (name.is_string()) names += (names.empty() ? "" : ", ") + name.get<std::string>();
  }
  return names;
}

}  // namespace

bool shows_news(const std::string& method) {
  for (const char* one : {"read", "conversations", "request.list", "search", "group.show"}) {
    if (method == one) return true;
  }
  return false;
}

void fetch_news(Speaker& speaker, const std::function<void(const json&)>& on_notice) {
  constexpr std::uint64_t kMostMs = 3000;
  const Reply fetched = speaker.ask("sync", {{"wait_ms", kMostMs}}, on_notice);
  if (fetched.exit != Exit::unreachable) return;  // what is wrong with this device the command itself says
  std::fprintf(stderr, "This may not be all: %s\n", fetched.sentence.c_str());
}

Headings::Headings(Speaker& speaker, const json& read) {
  std::set<std::string> shown;
  const json messages = messages_of(read);
  for (const json& message : messages) shown.insert(message.value("conversation", ""));
  if (shown.size() == 1) last_ = *shown.begin();
  const Reply list = ask_whole(speaker, "conversations", {{"archived", true}}, nullptr);
  if (list.exit != Exit::done) return;  // ids will do
  const json all = list.result.value("conversations", json::array());
  for (const json& one : all) called_[one.value("id", "")] = what_it_is_called(one);
}

std::string Headings::before(const json& message, Ink ink) {
  constexpr std::size_t kDigits = 8;
  const std::string id = message.value("conversation", "");
  if (id == last_) return {};
  last_ = id;
  const auto known = called_.find(id);
  const bool has_name = known != called_.end() && !known->second.empty();
  const std::string name = has_name ? harmless_text(known->second) : id.substr(0, kDigits);
  return shaded(ink, Shade::bold, "== " + name + " ==") + "\n";
}

std::string render_under(Headings& headings, const json& read, Ink ink) {
  std::string out;
  const json messages = messages_of(read);
  for (const json& message : messages) out += headings.before(message, ink) + render_message(message, ink);
  return out;
}

}  // namespace cairn::apps
