#include "apps/cairn/backup.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>

#include "apps/cairn/pin.h"
#include "apps/cairn/unvouched.h"
#include "shell/folder/folder_storage.h"
#include "shell/os/file.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::uint64_t kStatusWaitMs = 500;

std::string amount_of(const json& object, const char* key) {
  return std::to_string(object.value(key, std::uint64_t{0}));
}

}  // namespace

std::string day_of(const json& object, const char* key) {
  const auto seconds = static_cast<std::time_t>(object.value(key, std::uint64_t{0}) / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &local);
  return buffer;
}

namespace {

std::string size_of(std::uint64_t bytes) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return buffer;
}

/// "backing up messages: 512 of 2000, 1.2 MB, 3.1 MB/s, about 4 s left".
std::string line_of(const json& progress) {
  const auto done = progress.value("done", std::uint64_t{0});
  const auto all = progress.value("all", std::uint64_t{0});
  const auto bytes = progress.value("bytes", std::uint64_t{0});
  const auto elapsed_ms = progress.value("elapsed_ms", std::uint64_t{0});
  std::string out = progress.value("doing", "") + ": ";
  if (all != 0) out += std::to_string(done) + " of " + std::to_string(all) + ", ";
  out += size_of(bytes);
  if (elapsed_ms != 0) out += ", " + size_of(bytes * 1000 / elapsed_ms) + "/s";
  if (done != 0 && all > done) out += ", about " + std::to_string(elapsed_ms * (all - done) / done / 1000) + " s left";
  return out;
}

void show(const json& progress) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\x1b[K%s", line_of(progress).c_str());
  std::fflush(stderr);
}

/// A folder's path, or the server's address.
std::string place_of(const std::string& url) {
  return url.starts_with(folder::kScheme) ? url.substr(folder::kScheme.size()) : "the domain's server, " + url;
}

/// Asks, then waits until the job is over.
Reply run_job(Speaker& speaker, const std::string& method, const json& params) {
  Reply reply = speaker.ask(method, params, nullptr);
  bool shown = false;
  while (reply.exit == Exit::done && reply.result.value("running", false)) {
    reply = speaker.ask("backup.status", {{"wait_ms", kStatusWaitMs}}, nullptr);
    if (reply.exit == Exit::done && reply.result.value("running", false)) {
      show(reply.result);
      shown = true;
    }
  }
  if (shown && ::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\x1b[K");
  return reply;
}

/// "snapshot 3 of generation 1, by device 0a1b2c3d..., of DAY", a line each, where there is more than one.
std::string read_of(const json& result) {
  std::string out;
  const json all = result.value("snapshots", json::array());
  for (const json& one : all.size() < 2 ? json::array() : all) {
    out += "  snapshot " + amount_of(one, "snapshot") + ", generation " + amount_of(one, "generation") + ", of " +
           day_of(one, "created_ms") + ", by device " + one.value("device", "") +
           (one.value("device_active", false) ? "" : " (removed)") + "\n";
  }
  return out;
}

std::string receipts_of(const json& result) {
  std::string out;
  for (const json& one : result.value("receipts", json::array())) {
    out += "generation " + amount_of(one, "generation") + " erased by " + one.value("realm", "") + " on " +
           day_of(one, "time_ms") + "\n  receipt " + one.value("receipt", "") + "\n";
  }
  return out;
}

std::string numbers_of(const json& numbers) {
  std::string out;
  for (const json& one : numbers) out += (out.empty() ? "" : ", ") + std::to_string(one.get<std::uint64_t>());
  return out;
}

std::string render_delete(const json& result) {
  if (result.contains("kept")) {
    return "Called off: generation " + numbers_of(result["kept"]) + " stays.\n";
  }
  std::string out;
  if (!result.value("deleted", json::array()).empty()) {
    out += "Deleted: generation " + numbers_of(result["deleted"]) + ".\n" + receipts_of(result);
  }
  if (result.value("only_as_good_as_storage", false)) {
    out +=
        "No realms held a part of its key, so this is only as good as the storage: who kept a copy of it, and has "
        "the recovery key or a device, can still open that copy.\n";
  }
  if (result.contains("waiting")) {
    out += "The realms erase their parts of generation " + numbers_of(result["waiting"]) + " on " +
           day_of(result, "erase_at_ms") +
           "; until then any device calls it off: backup delete --cancel. Type backup delete again after that. With "
           "--recovery-key it is done at once.\n";
  }
  return out;
}

std::string places_of(const json& list) {
  std::string out;
  for (const json& one : list.value("realms", json::array()))
    out += "  " + one.value("name", "") + " " + one.value("url", "") + "\n";
  return out.empty() ? "  none: the key lies beside the backup\n" : out;
}

std::string render_realms(const json& result) {
  std::string out;
  for (const json& one : result.value("storages", json::array())) {
    out += "At " + place_of(one.value("storage", "")) + ":\n";
    out += one.value("known", false) ? "Parts of the key of this backup are given to\n" + places_of(one)
                                     : "No realms are known here yet.\n";
    if (!one.contains("proposed")) continue;
    const json& proposed = one["proposed"];
    out += "Proposed on " + day_of(proposed, "seen_ms") + ":\n" + places_of(proposed) + proposed.value("sentence", "") +
           "\n";
  }
  return out.empty() ? "This device has no backup set up.\n" : out;
}

std::string render_list(const json& result) {
  std::string out;
  for (const json& place : result.value("storages", json::array())) {
    const std::string storage = place.value("storage", "");
    out += "At " + place_of(storage) + ":\n";
    for (const json& one : result.value("snapshots", json::array())) {
      if (one.value("storage", "") != storage) continue;
      out += "  snapshot " + amount_of(one, "snapshot") + ", generation " + amount_of(one, "generation") + ", of " +
             day_of(one, "created_ms") + ", by device " + one.value("device", "") +
             (one.value("device_active", false) ? "" : " (removed)") + "\n";
    }
    const std::string error = place.value("error", "");
    out += "  " + (error.empty() ? size_of(place.value("bytes", std::uint64_t{0})) : error) + "\n";
  }
  return out;
}

std::string render_pruned(const json& pruned) {
  return "Removed: " + amount_of(pruned, "removed_snapshots") + " snapshots, " + amount_of(pruned, "removed_objects") +
         " objects that nothing needed any more; " + amount_of(pruned, "kept") + " snapshots are kept.\n";
}

/// The snapshots of each storage that this device backs up to, one after the other. One that is not reached is said.
Reply list_all(Speaker& speaker, const json& params) {
  const Reply known = speaker.ask("backup.storages", json::object(), nullptr);
  if (known.exit != Exit::done) return known;
  json places = known.result.value("storages", json::array());
  const bool named = params.contains("from") || places.size() < 2;
  if (named) places = json::array({json::object()});
  json out = {{"snapshots", json::array()}, {"storages", json::array()}, {"warnings", json::array()}};
  std::uint64_t bytes = 0;
  for (const json& place : places) {
    json wanted = params;
    if (place.contains("storage")) wanted["from"] = place["storage"];
    const Reply reply = run_job(speaker, "backup.list", wanted);
    if (reply.exit != Exit::done && named) return reply;
    if (reply.exit != Exit::done) {
      out["storages"].push_back({{"storage", place["storage"]}, {"error", reply.sentence}});
      continue;
    }
    for (const char* key : {"snapshots", "warnings"}) {
      for (const json& one : reply.result.value(key, json::array())) out[key].push_back(one);
    }
    bytes += reply.result.value("bytes", std::uint64_t{0});
    out["storages"].push_back({{"storage", reply.result.value("storage", "")},
                               {"bytes", reply.result.value("bytes", std::uint64_t{0})},
                               {"erased", reply.result.value("erased", json::array())}});
  }
  out["bytes"] = bytes;
  return {Exit::done, std::move(out), {}, {}};
}

}  // namespace

std::string folder_url(const std::string& folder, Missing missing) {
  std::error_code error;
  std::string path = std::filesystem::weakly_canonical(std::filesystem::absolute(folder, error), error).string();
  if (error || path.size() < 2) return std::string(folder::kScheme);
  while (path.ends_with('/')) path.pop_back();
  if (missing == Missing::make && !os::make_folder(path)) return std::string(folder::kScheme);
  return folder::url_of(path);
}

Reply run_backup(Speaker& speaker, const std::string& method, const json& params) {
  if (method == "backup.read") return read_unvouched(params);
  return method == "backup.list" ? list_all(speaker, params) : run_job(speaker, method, params);
}

json without_restore(const std::string& method, json params) {
  if (method != "recover") return params;
  params.erase("from");
  params.erase("token");
  return params;
}

void tell_of_no_directory(Reply& reply, const json& params) {
  if (reply.code != "unavailable" || params.value("from", "").empty()) return;
  reply.sentence +=
      " An empty machine takes no backup in without the directory, for that alone says whose word in it counts. A "
      "device that knew this name reads it (backup restore --from FOLDER), what export has written needs nobody, and "
      "backup read writes what the recovery key opens there, unchecked.";
}

Reply restore_after_recovery(Speaker& speaker, const json& params) {
  json wanted = {{"recovery_key", params.value("recovery_key", "")},
                 {"accept_removed", params.value("remove_others", false)}};
  if (params.contains("token")) wanted["token"] = params["token"];
  if (params.contains("from")) wanted["from"] = params["from"];
  return run_backup(speaker, "backup.restore", wanted);
}

std::string render_backup(const std::string& method, const json& result) {
  if (method == "backup.list") return warnings_of(result) + render_list(result);
  if (method == "backup.schedule") {
    const std::string place = place_of(result.value("storage", ""));
    return result.value("daily", false) ? "While the daemon runs it backs up every day, to " + place + ".\n"
                                        : "From now on only backup create backs up to " + place + ".\n";
  }
  if (method == "backup.verify") {
    return warnings_of(result) + "Snapshot " + amount_of(result, "snapshot") + " can be restored: all " +
           amount_of(result, "packs") + " packs were read.\n" + read_of(result);
  }
  if (method == "backup.restore") {
    return warnings_of(result) + "Restored, to be read: " + amount_of(result, "messages") + " messages of " +
           amount_of(result, "conversations") + " conversations, as of " + day_of(result, "created_ms") + ".\n" +
           (result.value("files", 0) == 0 ? std::string() : "Files of them: " + amount_of(result, "files") + ".\n") +
           read_of(result);
  }
  if (method == "backup.read") return render_unvouched(result);
  if (method == "backup.stop") return result.value("stopped", false) ? "Stopped.\n" : "Nothing of the backup runs.\n";
  if (method == "backup.seen") return amount_of(result, "seen") + " alarms about backups are known now.\n";
  if (method == "backup.prune") return warnings_of(result) + render_pruned(result);
  if (method == "backup.realms") return render_realms(result);
  if (method == "backup.delete") return warnings_of(result) + render_delete(result);
  if (method == "backup.receipts") {
    const std::string all = receipts_of(result);
    return all.empty() ? "No realm has erased anything for this device.\n" : all;
  }
  std::string out = "Snapshot " + amount_of(result, "snapshot") + ": " + amount_of(result, "messages") +
                    " messages of " + amount_of(result, "conversations") + " conversations.\n";
  if (result.contains("files")) {
    const json& files = result["files"];
    out +=
        "Files in it: " + amount_of(files, "stored") + ", " + size_of(files.value("bytes", std::uint64_t{0})) + ".\n";
  }
  const bool behind_realms = result.value("behind_realms", false);
  if (result.value("new_generation", false)) {
    out += "The keys are new (generation " + amount_of(result, "generation") + "). ";
    out +=
        behind_realms
            ? "Realms hold parts of them: this backup is restored only while enough of them are on line, and deleting "
              "it is for ever. What does without them, and undoes that, can stand on the page of your recovery key: "
              "cairn recovery print FILE.svg --token.\n"
            : "No realms are set up, so deleting this backup is only as good as its storage.\n";
  }
  const json pruned = result.value("pruned", json::object());
  if (pruned.value("removed_objects", 0) != 0) out += render_pruned(pruned);
  if (result.contains("token")) {
    out +=
        "On paper, beside the recovery key, this restores it without realms (--token), and while it lies there the "
        "backup cannot be deleted for certain:\n  " +
        result.value("token", "") + "\n";
  }
  if (result.value("pin_check_due", false)) out += "See whether you still know your PIN: pin check.\n";
  return warnings_of(result) + out;
}

}  // namespace cairn::apps
