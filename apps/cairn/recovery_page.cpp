#include "apps/cairn/recovery_page.h"

#include <cstdio>
#include <vector>

#include "apps/cairn/export.h"
#include "apps/cairn/qr.h"
#include "core/base/secret.h"
#include "core/client/own_name.h"
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

std::string line(int x, int y, double size, const std::string& text, const char* more = "") {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" font-size=\"" + number(size) + "\"" +
         more + ">" + escape_html(text) + "</text>\n";
}

/// One square a dark module, in the coordinates of modules.
std::string qr_group(const std::string& text) {
  const auto modules = qr_modules(text);
  if (!modules) return {};
  const int all = modules->side + 2 * kQrMargin;
  const std::string scale = number(double{kQrSide} / all);
  std::string out = "<g id=\"qr\" fill=\"#000\" shape-rendering=\"crispEdges\" transform=\"translate(" +
                    std::to_string((kWidth - kQrSide) / 2) + " " + std::to_string(kQrTop) + ") scale(" + scale +
                    ")\">\n";
  for (int y = 0; y < modules->side; ++y) {
    for (int x = 0; x < modules->side; ++x) {
      if (!modules->is_dark(x, y)) continue;
      out += "<rect x=\"" + std::to_string(x + kQrMargin) + "\" y=\"" + std::to_string(y + kQrMargin) +
             "\" width=\"1\" height=\"1\"/>\n";
    }
  }
  return out + "</g>\n";
}

std::string key_lines(const std::string& key) {
  std::vector<std::string> lines(1);
  int groups = 0;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t end = std::min(key.find('-', at), key.size());
    if (groups != 0 && groups % kGroupsInLine == 0) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : "  ") + key.substr(at, end - at);
    ++groups;
    at = end + 1;
  }
  std::string out;
  int y = kQrTop + kQrSide + 20;
  for (const std::string& one : lines) {
    out +=
        line(kLeft, y, 9, one, " font-family=\"monospace\" font-weight=\"bold\" xml:space=\"preserve\" class=\"key\"");
    y += 14;
  }
  return out;
}

}  // namespace

std::string recovery_page(const std::string& key, const std::string& name, const std::string& day) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                    std::to_string(kWidth) + "mm\" height=\"" + std::to_string(kHeight) + "mm\" viewBox=\"0 0 " +
                    std::to_string(kWidth) + " " + std::to_string(kHeight) +
                    "\" font-family=\"sans-serif\" fill=\"#000\">\n<title>Recovery key of " + escape_html(name) +
                    "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += line(kLeft, 32, 10, "Recovery key", " font-weight=\"bold\"");
  out += line(kLeft, 43, 6, name);
  out += line(kLeft, 51, 4.5, "printed on " + day);
  out += qr_group(key);
  out += key_lines(key);
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
    out += *words == 0 ? "" : line(kLeft, y, 4.2, words, " xml:space=\"preserve\"");
    y += 7;
  }
  return out + "</svg>\n";
}

Reply print_recovery_key(std::string& typed, const std::string& name, const std::string& day, const std::string& file) {
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
  std::string page = recovery_page(key, name, day);
  const Status written = os::create_file(file, as_bytes(page));
  wipe(key.data(), key.size());
  wipe(page.data(), page.size());
  if (!written && written.error().code == ErrorCode::duplicate) {
    return {Exit::refused, {}, file + " is there already, and was not changed; choose another name.", "duplicate"};
  }
  if (!written) {
    return {Exit::refused,
            {},
            file + " could not be written; check the folder and its disk.",
            to_string(written.error().code)};
  }
  return {Exit::done, {{"file", file}, {"name", name}}, {}, {}};
}

Reply name_of_device(Speaker& speaker) {
  Reply reply = speaker.ask("status", nlohmann::json::object(), nullptr);
  if (reply.exit != Exit::done) return reply;
  const std::string name = reply.result.value("name", "");
  if (name.empty()) return {Exit::refused, {}, "This device has no name; say whose key it is: --name.", "not_found"};
  return reply;
}

}  // namespace cairn::apps
