#include "apps/cairn/enroll.h"

#include <cstdio>
#include <iostream>

#include "apps/cairn/render.h"
#include "core/client/link_code.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr const char* kApproval = "this device will read everything";

bool show_key(const std::string& method, const std::string& name, const std::string& key, Shown shown) {
  const std::string text = "The recovery key of " + name + (method == "reset" ? " after the reset" : "") +
                           ", shown this once; write it down: " + key + "\n";
  std::FILE* to = shown == Shown::as_json ? stderr : stdout;
  return std::fputs(text.c_str(), to) >= 0 && std::fflush(to) == 0;
}

}  // namespace

Reply begin_name(Speaker& speaker, const std::string& method, json params, Shown shown) {
  Reply asked = speaker.ask(method, params, nullptr);
  const bool needs_key =
      asked.exit != Exit::done && asked.result.is_object() && asked.result.contains("recovery_key_needed");
  if (!needs_key) return asked;
  const Reply made = speaker.ask("recovery.new", json::object(), nullptr);
  if (made.exit != Exit::done) return made;
  const std::string key = made.result.value("recovery_key", "");
  if (!show_key(method, params.value("name", ""), key, shown)) {
    return {Exit::refused, {}, "The recovery key could not be shown, so nothing was begun; see where the output goes."};
  }
  params["recovery_key"] = key;
  Reply begun = speaker.ask(method, params, nullptr);
  const bool was_cut_off = begun.exit != Exit::done && begun.code.empty();  // the mind has not answered
  if (begun.exit == Exit::done && shown == Shown::as_json) begun.result["recovery_key"] = key;
  if (was_cut_off) begun.sentence += " What was begun goes on whenever this device runs; status says how far it is.";
  return begun;
}

Reply confirm_approval(json& params, bool approved) {
  if (!client::parse_link_code(params.value("code", ""))) {
    return {Exit::refused, {}, "That is no code of a device; copy it whole, as the new device shows it."};
  }
  if (!approved) {
    const char* what = params.value("no_history", false)
                           ? "The new device will read everything from now on; of what was said before this one gives "
                             "it nothing."
                           : "The new device will read everything, past and future: this one gives it all that it has.";
    std::fprintf(stderr, "%s Type \"%s\" to go on: ", what, kApproval);
    std::string typed;
    if (!std::getline(std::cin, typed) || typed != kApproval) return {Exit::refused, {}, "Nothing was added."};
  }
  params["confirm"] = kApproval;
  return {};
}

}  // namespace cairn::apps
