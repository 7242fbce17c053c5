#include "apps/cairn/recovery_page.h"

#include <algorithm>
#include <cstdio>

#include "apps/cairn/backup.h"
#include "apps/cairn/export.h"
#include "apps/cairn/qr.h"
#include "apps/cairn/secret.h"
#include "core/client/own_name.h"
#include "core/wire/writer.h"
#include "shell/os/clock.h"
#include "shell/os/file.h"

namespace cairn::apps {
namespace {

// Millimetres: what A4 (210 by 297) and Letter (216 by 279) both have.
constexpr int kWidth = 210;
constexpr int kHeight = 279;
constexpr int kLeft = 25;
constexpr int kQrTop = 60;
constexpr int kQrSide = 60;
constexpr int kGroupsInLine = 4;

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return buffer;
}

/// Grows without leaving a copy of what it was behind.
using Page = wire::Writer;
void put(Page& page, std::string_view text) { page.raw(as_bytes(text)); }

void begin_line(Page& page, int x, int y, double size, std::string_view more = {}) {
  put(page, "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" font-size=\"" + number(size) + "\"");
  put(page, more);
  put(page, ">");
}

void line(Page& page, int x, int y, double size, const std::string& text, std::string_view more = {}) {
  begin_line(page, x, y, size, more);
  put(page, escape_html(text) + "</text>\n");
}

/// One square a dark module, in the coordinates of modules.
void qr_group(Page& page, const std::string& text) {
  auto modules = qr_modules(text);
  if (!modules) return;
  const int all = modules->side + 2 * kQrMargin;
  const std::string scale = number(double{kQrSide} / all);
  put(page, "<g id=\"qr\" fill=\"#000\" shape-rendering=\"crispEdges\" transform=\"translate(" +
                std::to_string((kWidth - kQrSide) / 2) + " " + std::to_string(kQrTop) + ") scale(" + scale + ")\">\n");
  for (int y = 0; y < modules->side; ++y) {
    for (int x = 0; x < modules->side; ++x) {
      if (!modules->is_dark(x, y)) continue;
      put(page, "<rect x=\"");
      put(page, std::to_string(x + kQrMargin));
      put(page, "\" y=\"");
      put(page, std::to_string(y + kQrMargin));
      put(page, "\" width=\"1\" height=\"1\"/>\n");
    }
  }
  put(page, "</g>\n");
  wipe(modules->dark);
}

/// Four groups in a line.
void key_lines(Page& page, std::string_view key) {
  int groups = 0;
  int y = kQrTop + kQrSide + 20;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t end = std::min(key.find('-', at), key.size());
    if (groups % kGroupsInLine != 0) {
      put(page, "  ");
    } else {
      if (groups != 0) put(page, "</text>\n");
      begin_line(page, kLeft, y, 9,
                 " font-family=\"monospace\" font-weight=\"bold\" xml:space=\"preserve\" class=\"key\"");
      y += 14;
    }
    put(page, key.substr(at, end - at));
    ++groups;
    at = end + 1;
  }
  put(page, "</text>\n");
}

/// Seven groups in a line.
void token_lines(Page& page, const PageToken& token) {
  line(page, kLeft, 239, 4.2,
       "Token of generation " + std::to_string(token.generation) +
           " of the backup: restores it without realms (--token)",
       " font-weight=\"bold\"");
  constexpr std::size_t kTokenLine = 7 * 6;
  int y = 248;
  for (std::size_t at = 0; at < token.text.size(); at += kTokenLine, y += 8) {
    begin_line(page, kLeft, y, 6, " font-family=\"monospace\" class=\"token\"");
    put(page, std::string_view(token.text).substr(at, kTokenLine));
    put(page, "</text>\n");
  }
  line(page, kLeft, 263, 4,
       "While it is on paper that generation cannot be deleted for certain. A new one begins when a");
  line(page, kLeft, 268, 4,
       "device is removed, or PIN or realms change: then print this page anew, and burn this one.");
}

}  // namespace

SecretBytes recovery_page(const std::string& key, const std::string& name, const std::string& day,
                          const PageToken* token) {
  Page page(wire::Sensitivity::is_secret);
  put(page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                std::to_string(kWidth) + "mm\" height=\"" + std::to_string(kHeight) + "mm\" viewBox=\"0 0 " +
                std::to_string(kWidth) + " " + std::to_string(kHeight) +
                "\" font-family=\"sans-serif\" fill=\"#000\">\n<title>Recovery key of " + escape_html(name) +
                "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  line(page, kLeft, 32, 10, "Recovery key", " font-weight=\"bold\"");
  line(page, kLeft, 43, 6, name);
  line(page, kLeft, 51, 4.5, "printed on " + day);
  qr_group(page, key);
  key_lines(page, key);
  const char* const kWords[] = {
      "What it is for: if all your devices are lost, stolen or broken, this key takes your",
      "name back on a new device, shuts the lost ones out, and opens your backup.",
      "",
      "How to use it: on the new device type",
      "    cairn recover NAME --remove-others --policy FILE",
      "with your name in the place of NAME, and then this key when it is asked for.",
      "Capital or small letters, spaces and dashes do not matter. The square is the same key.",
      "",
      "Whoever has this page can do all that too, and no one can undo it: keep it where you",
      "keep your passport, not beside your devices. Take no photo of it, and keep no file of",
      "it: delete the one that this page was printed from.",
  };
  int y = kQrTop + kQrSide + 55;
  for (const char* words : kWords) {
    if (*words != 0) line(page, kLeft, y, 4.2, words, " xml:space=\"preserve\"");
    y += token != nullptr ? 5 : 7;
  }
  if (token != nullptr) token_lines(page, *token);
  put(page, "</svg>\n");
  return page.take_secret();
}

Reply print_recovery_key(std::string& typed, const std::string& name, const std::string& day, const std::string& file,
                         const PageToken* token) {
  const auto secret = client::parse_recovery_text(typed);
  wipe(typed.data(), typed.size());
  if (!secret) {
    return {Exit::refused,
            {},
            "That is not a recovery key: some of its characters are wrong or missing. Nothing was "
            "written; look for a slip.",
            "malformed"};
  }
  std::string key = client::recovery_text(*secret);
  const SecretBytes page = recovery_page(key, name, day, token);
  const Status written = os::create_file(file, page.expose());
  wipe(key.data(), key.size());
  if (!written && written.error().code == ErrorCode::duplicate) {
    return {Exit::refused, {}, file + " is there already, and was not changed; choose another name.", "duplicate"};
  }
  if (!written) {
    return {Exit::refused,
            {},
            file + " could not be written; check the folder and its disk.",
            to_string(written.error().code)};
  }
  nlohmann::json result = {{"file", file}, {"name", name}};
  if (token != nullptr) result["generation"] = token->generation;
  return {Exit::done, std::move(result), {}, {}};
}

namespace {

/// Whose key it is: the name of this device.
Reply name_of_device(Speaker& speaker) {
  Reply reply = speaker.ask("status", nlohmann::json::object(), nullptr);
  if (reply.exit != Exit::done) return reply;
  const std::string name = reply.result.value("name", "");
  if (name.empty()) return {Exit::refused, {}, "This device has no name; say whose key it is: --name.", "not_found"};
  return reply;
}

/// The token of the generation in force: what realms give goes onto the page, and nowhere else.
Reply token_of_backup(Speaker& speaker, const nlohmann::json& params, const std::string& key, PageToken& token) {
  nlohmann::json wanted = {{"recovery_key", key}};
  if (params.contains("from")) wanted["from"] = params["from"];
  Reply reply = run_backup(speaker, "backup.token", wanted);
  auto& typed = wanted["recovery_key"].get_ref<std::string&>();
  wipe(typed.data(), typed.size());
  if (reply.exit != Exit::done) return reply;
  token.generation = reply.result.value("generation", std::uint64_t{0});
  token.text = std::move(reply.result["token"].get_ref<std::string&>());
  return reply;
}

}  // namespace

Reply run_recovery_print(const std::string& data_folder, const nlohmann::json& params, const std::string& file) {
  std::string name = params.value("name", "");
  const bool with_token = params.value("token", false);
  if (!name.empty() && !directory::Name::parse(name)) {
    return {Exit::refused, {}, directory::explain_name(name), "invalid_name"};
  }
  Reply reply;
  std::unique_ptr<Speaker> speaker;
  if (name.empty() || with_token) {
    speaker = connect(data_folder, reply);
    if (!speaker) return reply;
    reply = name_of_device(*speaker);
    if (reply.exit != Exit::done) return reply;
    name = reply.result.value("name", "");
  }
  std::string typed = ask_for_secret("Type the recovery key (it is not shown): ");
  const std::string day = day_of({{"now", os::now().ms}}, "now").substr(0, 10);
  if (!with_token) return print_recovery_key(typed, name, day, file);
  PageToken token;
  reply = token_of_backup(*speaker, params, typed, token);
  if (reply.exit == Exit::done) {
    // What the keys were found with, a realm that lied, is said with the page.
    const nlohmann::json found = std::move(reply.result);
    reply = print_recovery_key(typed, name, day, file, &token);
    if (reply.exit == Exit::done && found.contains("warnings")) reply.result["warnings"] = found["warnings"];
  }
  wipe(typed.data(), typed.size());
  wipe(token.text.data(), token.text.size());
  return reply;
}

}  // namespace cairn::apps
