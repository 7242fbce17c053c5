#include "apps/cairn/pin.h"

#include "apps/cairn/backup.h"
#include "apps/cairn/render.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

std::string number_text(const json& object, const char* key) {
  return std::to_string(object.value(key, std::uint64_t{0}));
}

std::string names_text(const json& names) {
  std::string out;
  for (const json& one : names) out += (out.empty() ? "" : ", ") + one.get<std::string>();
  return out;
}

/// What realms have still to be told.
std::string debts_of(const json& result) {
  std::string out;
  for (const json& one : result.value("owed", json::array())) {
    const std::string name = one.value("name", "");
    out += one.value("owes", "") == "to forget"
               ? name +
                     " was away and still keeps a PIN that is not used any more; it is asked again while this device "
                     "runs.\n"
               : name +
                     " was away and has an older PIN, or none; it gets the newest when it answers while this device "
                     "runs.\n";
  }
  return out;
}

/// Those that its owner has not said to know.
std::string guesses_of(const json& result) {
  const auto unseen = result.value("guesses_unseen", std::uint64_t{0});
  if (unseen == 0) return {};
  return std::to_string(unseen) + " guesses that you have not said to know, the last " +
         day_of(result, "last_guess_ms") + (result.value("guesses_right", 0) != 0 ? ", with the right PIN" : "") +
         "; if they were yours: pin status --seen, if not: pin change" +
         (result.value("elsewhere", false) ? " on a device that backs up.\n" : ".\n");
}

std::string render_pin_status(const json& result) {
  if (!result.value("set", false)) return "No PIN is set; pin set makes one.\n" + debts_of(result);
  std::string out = debts_of(result);
  if (result.value("elsewhere", false)) {
    out += "A PIN is set, by another device of yours; guesses at it are told here too.\n" + guesses_of(result);
    return out;
  }
  for (const json& one : result.value("held_by", json::array())) {
    out += one.value("name", "") + ": " + one.value("state", "");
    if (one.value("state", "") == "good") out += ", " + number_text(one, "guesses_left") + " guesses left";
    if (one.value("last_guess_ms", std::uint64_t{0}) != 0) out += ", last guess " + day_of(one, "last_guess_ms");
    out += "\n";
  }
  out += number_text(result, "threshold") + " of these realms are needed; " + number_text(result, "guesses_left") +
         " guesses are left.\n";
  if (result.value("locked", false)) out += "The PIN is locked; nothing is lost: pin unlock.\n";
  out += guesses_of(result);
  if (!result.value("finished", true)) out += "Changing the PIN was not finished: type pin change again.\n";
  if (result.value("check_due", false)) out += "See whether you still know it: pin check.\n";
  return out;
}

}  // namespace

std::string warnings_of(const json& result) {
  std::string out;
  for (const json& one : result.value("warnings", json::array())) out += one.get<std::string>() + "\n";
  return out;
}

Reply recover_by_pin(Speaker& speaker, const json& params, Shown shown) {
  Reply restored = run_backup(speaker, "recover.pin", params);
  if (restored.exit != Exit::done) {
    tell_of_no_directory(restored, params);
    return restored;
  }
  json wanted = {{"name", params.value("name", "")}};
  for (const char* key : {"server_url", "policy", "invitation"}) {
    if (params.contains(key)) wanted[key] = params[key];
  }
  const Reply asked = begin_name(speaker, "reset", wanted, shown);
  if (asked.exit == Exit::done) {
    restored.result["reset"] = asked.result;
  } else {
    restored.result["reset_refused"] = asked.sentence;
  }
  return restored;
}

std::string render_pin(const std::string& method, const json& result) {
  const std::string warnings = warnings_of(result);
  if (method == "pin.status" || method == "pin.unlock") return warnings + render_pin_status(result);
  if (method == "pin.check") {
    return warnings + "That is the PIN. You are asked for it again in " + number_text(result, "next_check_days") +
           " days, so that you do not forget it.\n";
  }
  if (method == "pin.remove") return warnings + "The PIN is gone: it opens nothing that is backed up from here on.\n";
  if (method == "recover.pin") {
    std::string out = render_backup("backup.restore", result);
    if (result.contains("reset")) return out + render("reset", result["reset"]);
    return out + "Your messages can be read here. The name itself does not come back by a PIN: " +
           result.value("reset_refused", "") + "\n";
  }
  return warnings + "The PIN is set. It opens this backup with " + number_text(result, "threshold") +
         " of the realms " + names_text(result.value("held_by", json::array())) +
         "; so many working together, or whoever steals so many of their disks, can try all PINs: a longer one is "
         "better.\nWhat is backed up from here on is restored only while " +
         number_text(result, "threshold") +
         " of them are on line; backup create --print-token prints a key that does without them, and with which it can "
         "never be deleted for certain.\nType backup create now.\n";
}

}  // namespace cairn::apps
