#include "apps/cairn/export.h"

#include <ctime>
#include <filesystem>

#include "apps/cairn/attachment.h"
#include "apps/cairn/render.h"
#include "apps/cairn/whole_list.h"
#include "core/base/utf8.h"
#include "core/client/file_name.h"
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

/// A path beside the page, as a link says it (RFC 3986 s.2.3): of names that others chose nothing is left that means
/// something there.
std::string link_to(std::string_view path) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

/// Whether a browser only shows what ends so: it runs no script of a page's, and takes it for no page. By the ending,
/// for that is what a browser goes by.
bool is_only_shown(const std::string& name) {
  const std::string type = client::media_type_of(name);
  for (const char* kind : {"image/", "audio/", "video/"}) {
    if (type.starts_with(kind) && type != "image/svg+xml") return true;
  }
  return type.starts_with("text/plain") || type == "application/pdf" || type == "application/zip" ||
         type == "application/gzip";
}

/// " [file: map.png]", as a link where it was saved and may be opened by a click; of any other it is said where it
/// lies.
std::string exported_file(const json& attachment) {
  const std::string name = escape_html(attachment.value("name", ""));
  if (attachment.contains("saved_as")) {
    const std::string place = attachment.value("saved_as", "");
    if (!is_only_shown(place)) return " [file: " + name + ", saved as " + escape_html(place) + "]";
    return " [file: <a rel=\"noreferrer\" href=\"" + link_to(place) + "\">" + name + "</a>]";
  }
  const std::string why = attachment.value("not_saved", "");
  return " [file: " + name + (why.empty() ? "" : ". It is not here. " + escape_html(why)) + "]";
}

/// Saves the files of messages, one after the other.
class FileSaver {
 public:
  FileSaver(Speaker& speaker, std::string folder) : speaker_(speaker), folder_(std::move(folder)) {}

  /// Writes into each message with a file what became of it.
  void save(const std::string& conversation, json& messages) {
    for (json& message : messages) {
      if (message.contains("attachment")) save_one(conversation, message);
    }
  }
  std::uint64_t saved() const { return saved_; }
  const json& not_saved() const { return not_saved_; }

 private:
  void save_one(const std::string& conversation, json& message) {
    json& file = message["attachment"];
    const std::string name = client::clean_file_name(file.value("name", ""));
    // The index is the message's for good, so a second export finds what the first one has saved.
    const std::string beside =
        "files-" + conversation + "/" + std::to_string(message.value("index", std::uint64_t{0})) + "-" + name;
    const std::string path = folder_ + "/" + beside;
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    std::string why;
    if (error || size != file.value("size", std::uint64_t{0})) why = fetch(message, path);
    if (why.empty()) {
      file["saved_as"] = beside;
      ++saved_;
      return;
    }
    // Pages are handed on, and where this folder lies is nobody's business.
    for (std::size_t at; (at = why.find(folder_ + "/")) != std::string::npos;) why.erase(at, folder_.size() + 1);
    file["not_saved"] = why;
    not_saved_.push_back({{"conversation", conversation}, {"name", name}, {"sentence", why}});
  }

  /// Why it was not saved; empty when it was.
  std::string fetch(const json& message, const std::string& path) {
    if (!stopped_.empty()) return stopped_;
    if (!os::make_folder(path.substr(0, path.rfind('/')))) return "Its folder cannot be made.";
    const Reply reply =
        run_transfer(speaker_, "attachment.save", {{"message", message.value("id", "")}, {"file", path}});
    if (reply.exit != Exit::unreachable) {
      unreached_ = 0;
      return reply.exit == Exit::done ? std::string() : reply.sentence;
    }
    // It is not waited for with each of them, and comes to no place that nothing tells of.
    if (reply.result.is_object() && reply.result.contains("transfer")) {
      speaker_.ask("attachment.cancel", {{"transfer", reply.result["transfer"]}}, nullptr);
    }
    // Files of other domains lie at their servers: one that is gone keeps no others from being saved.
    if (++unreached_ == kMostUnreached) stopped_ = kNotReached;
    return kNotReached;
  }

  Speaker& speaker_;
  std::string folder_;
  static constexpr unsigned kMostUnreached = 3;
  static constexpr const char* kNotReached =
      "The server was not reached; export again to the same folder saves what is missing.";
  std::string stopped_;
  unsigned unreached_ = 0;  ///< in a row
  std::uint64_t saved_ = 0;
  json not_saved_ = json::array();
};

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

std::string export_page(const std::string& title, const json& messages, const std::string& warning) {
  std::string out = kHead;
  out += "<title>" + escape_html(title) + "</title></head><body>\n<h1>" + escape_html(title) + "</h1>\n";
  if (!warning.empty()) out += "<p><b>" + escape_html(warning) + "</b></p>\n";
  for (const json& message : messages) {
    const std::string sender = message.value("sender", "");
    const std::string unknown = message.value("unknown_type", "");
    const std::string delivery = message.value("delivery", "");
    std::string text = message.value("text", "");
    if (!unknown.empty()) text += "[a " + unknown + "]";
    const bool is_kept = delivery == "waiting" || delivery == "refused";
    out += "<p><span class=\"t\">" + time_of(message.value("time_ms", std::uint64_t{0})) + "</span> " +
           (sender.empty() ? "" : "<b>" + escape_html(sender) + "</b> ") + escape_html(text) +
           (message.contains("attachment") ? exported_file(message["attachment"]) : "") +
           (is_kept ? " (not sent)" : "") + "</p>\n";
  }
  return out + "</body></html>\n";
}

Reply export_all(Speaker& speaker, const std::string& folder, ExportFiles files) {
  FileSaver saver(speaker, whole_path(folder));
  const bool saves = files == ExportFiles::saved;
  if (saves && !is_utf8(whole_path(folder))) {
    return {Exit::refused, {}, "Files are saved where the path is UTF-8 text; name another folder.", {}};
  }
  if (const auto made = os::make_folder(folder); !made) return not_written(made.error());
  const Reply listed = ask_whole(speaker, "conversations", {{"archived", true}}, nullptr);
  if (listed.exit != Exit::done) return listed;
  std::string index = std::string(kHead) + "<title>Conversations</title></head><body>\n<h1>Conversations</h1>\n<ul>\n";
  std::uint64_t count = 0;
  std::uint64_t messages = 0;
  for (const json& conversation : listed.result.value("conversations", json::array())) {
    Reply all = read_all(speaker, conversation.value("id", ""));
    if (all.exit != Exit::done) return all;
    if (saves) saver.save(conversation.value("id", ""), all.result);
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
  json result = {{"conversations", count}, {"messages", messages}, {"folder", folder}};
  if (saves) result["files"] = saver.saved();
  if (saves) result["not_saved"] = saver.not_saved();
  return {Exit::done, std::move(result), {}, {}};
}

std::string render_export(const json& result) {
  const auto number = [&](const char* key) { return std::to_string(result.value(key, std::uint64_t{0})); };
  std::string out = "Exported " + number("messages") + " messages of " + number("conversations") + " conversations";
  if (result.contains("files")) out += " and " + number("files") + " files";
  out += "; begin with index.html in " + harmless_text(result.value("folder", "")) + ". Nothing of it is encrypted.\n";
  for (const json& one : result.value("not_saved", json::array())) {
    out += "Not here: " + harmless_text(one.value("name", "")) + ". " + harmless_text(one.value("sentence", "")) + "\n";
  }
  return out;
}

}  // namespace cairn::apps
