// What comes before messages that are shown: what the server has of them, and in which conversation they were said.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/cairn/ink.h"
#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Whether this method shows what others sent: then that is fetched first, for without a daemon nobody has done it.
bool shows_news(const std::string& method);
/// Waits a moment for all that the server has; one line on standard error when it cannot be reached.
void fetch_news(Speaker& speaker, const std::function<void(const nlohmann::json&)>& on_notice);

/// Where messages of several conversations are shown one behind the other.
class Headings {
 public:
  /// `read` is the answer of that method. Asks what its conversations are called. Where all messages are of one there
  /// is nothing to tell apart, and no heading before another one comes.
  Headings(Speaker& speaker, const nlohmann::json& read);

  /// The line before this message: empty where it is of the conversation of the one before.
  std::string before(const nlohmann::json& message, Ink ink);

 private:
  std::map<std::string, std::string> called_;  ///< by id
  std::string last_;
};

/// All messages of that answer, each list of a conversation under its heading.
std::string render_under(Headings& headings, const nlohmann::json& read, Ink ink);

}  // namespace cairn::apps
