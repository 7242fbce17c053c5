#include "apps/cairn/attachment.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "apps/cairn/render.h"
#include "core/base/encoding.h"
#include "shell/images/images.h"
#include "shell/os/clock.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::uint64_t kTransferStatusMs = 500;

void path_option(CLI::App* app, Question question, const std::string& flag, const char* key, const std::string& help) {
  app->add_option_function<std::string>(
         flag, [question, key](const std::string& value) { question.params[key] = whole_path(value); }, help)
      ->check(utf8_alone);
}

bool goes_on(const json& result) {
  if (result.value("state", "") == "running") return true;
  const bool was_sent = result.value("state", "") == "done" && result.value("kind", "") == "send";
  return was_sent && result.contains("message") && result["message"].value("delivery", "") == "waiting";
}

void show_transfer(const json& result) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\x1b[K%s", transfer_line(result).c_str());
  std::fflush(stderr);
}

}  // namespace

std::string whole_path(const std::string& typed) {
  std::error_code error;
  std::string path = std::filesystem::absolute(typed, error).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return error ? typed : path;
}

void add_attachment_commands(CLI::App& app, Question question) {
  CLI::App* send = app.get_subcommand("send");
  path_option(send, question, "--attach", "file", "a file to send; TEXT says something of it");
  send->add_flag_function(
          "--no-preview", [question](std::int64_t) { question.params["preview"] = ""; },
          "do not put a small picture of an image into the message")
      ->needs("--attach");
  CLI::App* save = app.add_subcommand("save", "save the file of a message");
  save->add_option_function<std::string>(
          "message", [question](const std::string& value) { question.params["message"] = value; },
          "the first digits of its id, as read shows it")
      ->required();
  path_option(save, question, "--to", "folder", "a folder; by default the one you are in");
  path_option(save, question, "--as", "file", "a path, instead of a folder and the sender's name for it");
  save->get_option("--as")->excludes(save->get_option("--to"));
  save->callback([question] {
    question.method = "attachment.save";
    if (!question.params.contains("folder") && !question.params.contains("file"))
      question.params["folder"] = whole_path(".");
  });
  CLI::App* attachment = app.add_subcommand("attachment", "files on their way")->require_subcommand(1);
  attachment->add_subcommand("status", "what is on its way, and what came of it within a day")->callback([question] {
    question.method = "attachment.status";
  });
  CLI::App* cancel = attachment->add_subcommand("cancel", "stop one, and leave nothing of it behind");
  cancel
      ->add_option_function<std::string>(
          "transfer", [question](const std::string& value) { question.params["transfer"] = value; },
          "the first digits of its id, as status shows it")
      ->required();
  cancel->callback([question] { question.method = "attachment.cancel"; });
}

json with_preview(json params, std::uint64_t most_ms) {
  if (params.contains("preview")) return params;
  const auto jpeg = images::make_thumbnail(params.value("file", ""), most_ms);
  if (jpeg) params["preview"] = to_base64(*jpeg);
  return params;
}

Reply run_transfer(Speaker& speaker, const std::string& method, const json& params, std::uint64_t most_quiet_ms) {
  Reply reply = speaker.ask(method, method == "attachment.send" ? with_preview(params) : params, nullptr);
  bool shown = false;
  std::string last;
  std::uint64_t quiet_since = os::monotonic_ms();
  while (reply.exit == Exit::done && goes_on(reply.result)) {
    show_transfer(reply.result);
    shown = true;
    const bool is_running = reply.result.value("state", "") == "running";
    const std::string trouble = reply.result.value("trouble", "");
    const std::string now = reply.result.value("doing", "") + std::to_string(reply.result.value("bytes", 0ull));
    // What this machine does by itself moves no bytes, and is not quiet.
    if (now != last || (is_running && trouble.empty())) quiet_since = os::monotonic_ms();
    last = now;
    if (os::monotonic_ms() - quiet_since > most_quiet_ms) {
      reply.exit = Exit::unreachable;
      reply.sentence = is_running
                           ? trouble + " It goes on by itself whenever this device runs; attachment status tells."
                           : "The file is at the server; its message is kept, and sent as soon as that is possible.";
      break;
    }
    const std::string id = reply.result.value("transfer", "");
    reply = speaker.ask("attachment.status", {{"transfer", id}, {"wait_ms", kTransferStatusMs}}, nullptr);
  }
  if (shown && ::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\x1b[K");
  return reply;
}

std::string transfer_line(const json& transfer) {
  const auto done = transfer.value("done", std::uint64_t{0});
  const auto size = transfer.value("size", std::uint64_t{0});
  const auto bytes = transfer.value("bytes", std::uint64_t{0});
  const auto elapsed_ms = transfer.value("elapsed_ms", std::uint64_t{0});
  std::string out = transfer.value("doing", "waiting") + " " + harmless_text(transfer.value("name", "")) + ": " +
                    size_words(done) + " of " + size_words(size);
  if (elapsed_ms != 0 && bytes != 0) {
    out += ", " + size_words(bytes * 1000 / elapsed_ms) + "/s";
    if (size > done) out += ", about " + std::to_string((size - done) * elapsed_ms / bytes / 1000) + " s left";
  }
  if (const std::string trouble = transfer.value("trouble", ""); !trouble.empty()) out += "; " + harmless_text(trouble);
  return out;
}

std::string render_attachment(const std::string& method, const json& result) {
  const std::string name = harmless_text(result.value("name", ""));
  if (method == "attachment.cancel") return name + ": cancelled.\n";
  if (method == "attachment.save") return "Saved: " + harmless_text(result.value("path", "")) + "\n";
  if (method == "attachment.send") return "Sent: " + name + "\n";
  std::string out;
  for (const json& one : result.value("transfers", json::array())) {
    out += one.value("transfer", "").substr(0, 8) + "  " + one.value("kind", "") + "  " + one.value("state", "") + "  ";
    out += one.value("state", "") == "running"
               ? transfer_line(one)
               : harmless_text(one.value("name", "")) + "  " + size_words(one.value("size", std::uint64_t{0}));
    if (one.contains("sentence")) out += "  " + harmless_text(one.value("sentence", ""));
    out += "\n";
  }
  return out.empty() ? "No files are on their way.\n" : out;
}

}  // namespace cairn::apps
