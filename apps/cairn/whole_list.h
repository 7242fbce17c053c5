// A list that the mind gives in pages (docs/spec/client-rpc.md s.10), put together.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Whether the answers of this method come in pages.
bool comes_in_pages(const std::string& method);

/// Asks for page after page. In the order of conversations one may move while they are read, to where it was not looked
/// for: a list of several pages is read again from its beginning until two passes have the same conversations, four
/// times at most. What it has is the last pass.
class WholeList {
 public:
  WholeList(const std::string& method, nlohmann::json params);

  /// What to ask for now.
  nlohmann::json params() const;
  /// Takes the answer to that; true when the list is whole.
  bool take(const nlohmann::json& result);
  /// As one answer: what the last one said, and all entries.
  nlohmann::json result() const;

 private:
  /// Puts it at the end of this pass.
  void put(const nlohmann::json& entry);

  std::string key_;  ///< under which an answer has its entries
  bool may_move_;
  nlohmann::json params_;
  std::string next_;                                  ///< empty: from the beginning
  nlohmann::json entries_ = nlohmann::json::array();  ///< of this pass
  nlohmann::json around_;                             ///< of the last answer, what is no entry
  std::set<std::string> ids_;                         ///< of entries_
  std::set<std::string> former_ids_;                  ///< of the pass before
  int passes_ = 0;                                    ///< that have been read to their end
};

/// All of the list of such a method; for any other the answer as it is.
Reply ask_whole(Speaker& speaker, const std::string& method, const nlohmann::json& params,
                const std::function<void(const nlohmann::json&)>& on_notice);

}  // namespace cairn::apps
