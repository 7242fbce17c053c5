#include "apps/cairn/export.h"

#include <ctime>

#include "shell/os/file.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::uint64_t kAtOnce = 500;
constexpr const char* kHead =
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>body{font-family:sans-serif;max-width:45em;"
    "margin:2em auto}.t{color:#777}p{white-space:pre-wrap}</style>\n";

std::string time_of(std::uint64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &local);
  return buffer;
}

/// Its title, or whom it is with.
std::string title_of(const json& conversation) {
  std::string title = conversation.value("title", "");
  if (!title.empty()) return title;
  for (const json& name : conversation.value("names", json::array())) {
    title += (title.empty() ? "" : ", ") + name.get<std::string>();
  }
  return title.empty() ? conversation.value("id", "") : title;
}

/// All messages of a conversation; the failure when one answer is one.
Reply read_all(Speaker& speaker, const std::string& id) {
  json all = json::array();
  for (std::uint64_t first = 0;;) {
    Reply reply = speaker.ask("read", {{"conversation", id}, {"first", first}, {"limit", kAtOnce}}, nullptr);
    if (reply.exit != Exit::done) return reply;
    const json messages = reply.result.value("messages", json::array());
    if (messages.empty()) return {Exit::done, std::move(all), {}, {}};
    for (const json& one : messages) all.push_back(one);
    first = messages.back().value("index", first) + 1;
  }
}

Reply not_written(const Error& error) {
  return {Exit::refused, {}, std::string("The export could not be written: ") + error.where + ".", {}};
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string export_page(const std::string& title, const json& messages) {
  std::string out = kHead;
  out += "<title>" + escape_html(title) + "</title></head><body>\n<h1>" + escape_html(title) + "</h1>\n";
  for (const json& message : messages) {
    const std::string sender = message.value("sender", "");
    const std::string unknown = message.value("unknown_type", "");
    const std::string delivery = message.value("delivery", "");
    std::string text = message.value("text", "");
    if (message.contains("attachment")) text += " [file: " + message["attachment"].value("name", "") + "]";
    if (!unknown.empty()) text += "[a " + unknown + "]";
    if (delivery == "waiting" || delivery == "refused") text += " (not sent)";
    out += "<p><span class=\"t\">" + time_of(message.value("time_ms", std::uint64_t{0})) + "</span> " +
           (sender.empty() ? "" : "<b>" + escape_html(sender) + "</b> ") + escape_html(text) + "</p>\n";
  }
  return out + "</body></html>\n";
}

Reply export_all(Speaker& speaker, const std::string& folder) {
  if (const auto made = os::make_folder(folder); !made) return not_written(made.error());
  const Reply listed = speaker.ask("conversations", json::object(), nullptr);
  if (listed.exit != Exit::done) return listed;
  std::string index = std::string(kHead) + "<title>Conversations</title></head><body>\n<h1>Conversations</h1>\n<ul>\n";
  std::uint64_t count = 0;
  std::uint64_t messages = 0;
  for (const json& conversation : listed.result.value("conversations", json::array())) {
    const Reply all = read_all(speaker, conversation.value("id", ""));
    if (all.exit != Exit::done) return all;
    const std::string title = title_of(conversation);
    const std::string file = std::to_string(++count);
    messages += all.result.size();
    const json data = {{"conversation", conversation}, {"messages", all.result}};
    const std::string text = data.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
    const std::string path = folder + "/" + file;
    const Status page = os::write_file(path + ".html", as_bytes(export_page(title, all.result)));
    const Status raw = page ? os::write_file(path + ".json", as_bytes(text)) : page;
    if (!raw) return not_written(raw.error());
    index += "<li><a href=\"" + file + ".html\">" + escape_html(title) + "</a>, " + std::to_string(all.result.size()) +
             " messages</li>\n";
  }
  index += "</ul></body></html>\n";
  if (const auto done = os::write_file(folder + "/index.html", as_bytes(index)); !done)
    return not_written(done.error());
  return {Exit::done, {{"conversations", count}, {"messages", messages}, {"folder", folder}}, {}, {}};
}

}  // namespace cairn::apps
