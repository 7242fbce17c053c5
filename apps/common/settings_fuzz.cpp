// Any text as a file of settings, and any line as a variable of the environment: what is taken stays within what each
// setting allows; a file that is refused changes nothing; and the text that is written of what was taken is taken
// again.
#include "apps/common/settings.h"

#include <algorithm>

#include "core/base/check.h"

namespace {

using cairn::apps::Complaint;
using cairn::apps::Settings;

/// One setting of each kind.
struct Program {
  std::string data = "/nowhere", sign_up = "invite";
  std::uint64_t quota = 5;
  bool resets = false;
  Settings settings{"cairnd"};

  Program() {
    settings.text("data", data, "where all lies");
    settings.text("sign-up", sign_up, "who may come", {"open", "invite"});
    settings.number("vault-quota", quota, "MiB", 1, 1000);
    settings.flag("resets", resets, "whether");
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  bool says(const Program& other) const {
    return data == other.data && sign_up == other.sign_up && quota == other.quota && resets == other.resets;
  }
  bool is_allowed() const {
    return (sign_up == "open" || sign_up == "invite") && quota >= 1 && quota <= 1000 &&
           std::ranges::none_of(data, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  }
};

/// A complaint is a sentence.
bool is_good(const Complaint& complaint) { return complaint->size() > 1 && complaint->back() == '.'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Program untouched, from_file;
  if (const Complaint complaint = from_file.settings.load_file("x.toml", text)) {
    CHECK(is_good(complaint) && from_file.says(untouched));
  }
  CHECK(from_file.is_allowed());
  Program again;
  CHECK(!again.settings.load_file("x.toml", from_file.settings.commented()) && again.says(from_file));

  Program from_environment;
  const std::string line = "CAIRND_" + text;
  const char* const variables[] = {text.c_str(), line.c_str(), nullptr};
  const Complaint complaint = from_environment.settings.load_environment(variables);
  CHECK(!complaint || is_good(complaint));
  CHECK(from_environment.is_allowed());
  return 0;
}
